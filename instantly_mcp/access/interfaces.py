"""The interfaces of the rules of access, and those that they need."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from .._json_codec import JsonObject
from .act import Act, Consent, Ending
from .preview import Preview


class IRail(Interface):
    """One limit or record that every write passes right before it is sent."""

    name = Attribute("A short label, for the log.")

    def before(act: Act) -> Deferred[None]:
        """Let the write pass; what must be durable before it is sent is durable then.

        :raises AccessRefusedError: when the write must not be sent.
        """

    def after(act: Act, ending: Ending) -> Deferred[None]:
        """Note how a write ended that passed `before`. Never fails.

        Also called, with `NOT_SENT`, when a later rail refuses the write.
        """


class IApprovals(Interface):
    """Approval of single writes by a person, outside MCP."""

    def obtain(act: Act, preview: Preview) -> Deferred[Consent]:
        """Use up the approval of exactly this write.

        The first call asks a person and fails; the same call, made again after the
        approval, returns the consent, which is then used up durably. The preview must
        be built from the objects as they are now: if its digest is not that of the
        approval, a person is asked again.

        :raises AccessRefusedError: ``approval_pending`` with the members ``approval``,
            ``approval_page``, ``approval_command`` and ``expires_at``;
            ``approval_denied`` after a denial or when no person decided in time;
            ``cap_reached`` when too many requests of this principal wait;
            ``not_allowed`` for a token that was revoked.
        """

    def when_changed(id: str) -> Deferred[None]:
        """Fire once when the request of this id is decided or closed.

        For tasks, which then make the call again. It may be cancelled.
        """


class IAuditLog(Interface):
    """Keeps the lines of the audit file."""

    def append(facts: JsonObject) -> Deferred[None]:
        """Add a line; number, time and HMAC are added to these members.

        The Deferred fires when the line is durable, and fails with `OSError` when it
        cannot be written.
        """
