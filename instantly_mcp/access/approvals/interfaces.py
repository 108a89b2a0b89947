"""The interfaces of the approval queue: for persons, and for what keeps it."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from zope.interface import Interface

from ..._credential import Secret
from .approval import Addition, Approval, ApprovalState
from .approver import Approver


class IApprovalDesk(Interface):
    """What persons do with the requests for approval."""

    def decide(id: str, approve: bool, by: str, how: str) -> Deferred[Approval]:
        """Take the decision of an approver.

        :param by: the name of the approver.
        :param how: where the decision was made: ``page`` or ``terminal``.
        :returns: the request with the decision.
        :raises NotPendingError: when the request does not wait for a decision, or
            another decision was faster. Then nothing changes.
        """

    def get(id: str) -> Deferred[Approval | None]:
        """Return a request as it is now."""

    def pending() -> Deferred[Sequence[Approval]]:
        """Return the requests that wait for a decision, the oldest first."""

    def decided(most: int) -> Deferred[Sequence[Approval]]:
        """Return the latest requests that do not wait for one, the newest first."""


class IApprovalStore(Interface):
    """Where requests for approval are kept."""

    def add(approval: Approval, most_pending: int) -> Deferred[Addition]:
        """Store a new, pending request, unless there is no place for it.

        :param most_pending: how many pending requests its principal may have.
        """

    def replace(approval: Approval, before: ApprovalState) -> Deferred[bool]:
        """Store a new state of a request, durably, if its state is still `before`.

        :returns: whether it was.
        """

    def get(id: str) -> Deferred[Approval | None]:
        """Return the request of this id."""

    def newest(subject: str) -> Deferred[Approval | None]:
        """Return the request with this subject that was added last."""

    def open() -> Deferred[Sequence[Approval]]:
        """Return all requests that are pending or approved, the oldest first."""

    def settled(most: int) -> Deferred[Sequence[Approval]]:
        """Return the `most` newest requests that are not pending, newest first."""

    def forget(before: float, most_bytes: int) -> Deferred[None]:
        """Remove closed requests that were made before a time, or are too many.

        :param most_bytes: for all requests together. The oldest closed ones beyond it
            are removed, except those that a person denied.
        """


class IApprovers(Interface):
    """The people who may approve."""

    def names() -> Sequence[str]:
        """Return their names, in alphabetical order."""

    def version(name: str) -> str | None:
        """Return what changes with an approver's secret; ``None`` if removed."""

    def recognized(secret: Secret) -> str | None:
        """Return whose secret this is; ``None`` if it is not an approver's."""


class IApproverStore(Interface):
    """Where the approvers are kept."""

    def all() -> Deferred[Sequence[Approver]]:
        """Return all approvers."""

    def add(approver: Approver) -> Deferred[bool]:
        """Store an approver, durably, unless the name is taken; return whether."""

    def remove(name: str) -> Deferred[bool]:
        """Remove an approver, durably; return whether there was one."""
