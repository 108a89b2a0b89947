"""The people who may approve calls: a list in memory that is written through."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field
from zope.interface import implementer

from ..._credential import Secret
from ..._deferred import deferred
from ..tokens.token import digest_of
from .approver import (
    NAME_RULE,
    Approver,
    is_approver_name,
    is_approver_secret,
    new_approver_secret,
)
from .interfaces import IApprovers, IApproverStore


class ApproverNameError(ValueError):
    """A name that no approver can get; the message says why."""


@implementer(IApprovers)
@define(eq=False, kw_only=True)
class ApproverBook:
    """The approvers, in memory.

    A new one counts once it is stored; one that is removed counts no more at once, also
    when that cannot be stored.

    :param wall: returns seconds since the epoch.
    """

    store: IApproverStore
    wall: Callable[[], float]
    _approvers: dict[str, Approver] = field(factory=dict, init=False)

    @deferred
    async def load(self) -> None:
        """Read the approvers from the store."""
        self._approvers = {each.name: each for each in await self.store.all()}

    @deferred
    async def add(self, name: str) -> tuple[Approver, str]:
        """Add an approver.

        :returns: the approver, and the secret, which is stored nowhere.
        :raises ApproverNameError: for a name that is taken or not a name.
        """
        name = name.strip()
        if not is_approver_name(name):
            raise ApproverNameError(f"a name has {NAME_RULE}")
        if name.casefold() in map(str.casefold, self._approvers):
            raise ApproverNameError("there is already an approver with this name")
        secret = new_approver_secret()
        approver = Approver(
            name=name, digest=digest_of(secret.reveal()), added_at=self.wall()
        )
        if not await self.store.add(approver):
            raise ApproverNameError("there is already an approver with this name")
        self._approvers[name] = approver
        return approver, secret.reveal()

    @deferred
    async def remove(self, name: str) -> bool:
        """Remove an approver; return whether there was one with this name.

        What the approver decided before stays valid.
        """
        self._approvers.pop(name, None)
        return await self.store.remove(name)

    def names(self) -> Sequence[str]:
        """Return the names, in alphabetical order."""
        return sorted(self._approvers)

    def listed(self) -> Sequence[Approver]:
        """Return the approvers by name."""
        return [self._approvers[name] for name in self.names()]

    def version(self, name: str) -> str | None:
        """Return what changes with the approver's secret; ``None`` if removed."""
        approver = self._approvers.get(name)
        return None if approver is None else approver.digest

    def recognized(self, secret: Secret) -> str | None:
        """Return whose secret this is; ``None`` if it is not an approver's."""
        if not is_approver_secret(secret):
            return None
        digest = digest_of(secret.reveal())
        for each in self._approvers.values():
            if each.digest == digest:
                return each.name
        return None
