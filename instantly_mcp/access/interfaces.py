"""The interfaces of the rules of access, and those that they need."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from .act import Act, Ending


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
