"""What the pipeline is made of, and what it needs from others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen
from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from .._credential import Credential, place_of
from ..protocol.wire.errors import ProtocolError

if TYPE_CHECKING:
    from .exchange import Exchange
    from .reply import Outcome, Reply


class IStage(Interface):
    """One step of the journey."""

    name = Attribute("Label used in logs and metrics.")

    def process(exchange: Exchange) -> Deferred[Outcome]:
        """Return the exchange, possibly evolved, to carry on; or a reply: done."""


class ITransport(Interface):
    """A way in which MCP messages travel."""

    def accepts(exchange: Exchange) -> bool:
        """Say whether this transport serves the exchange. Decides, changes nothing."""

    def serve(exchange: Exchange) -> Deferred[Reply]:
        """Serve an exchange that was accepted."""


@frozen
class Allowance:
    """A ledger's word on one request.

    :param granted: it may pass.
    :param retry_after: seconds until it may, when it may not.
    """

    granted: bool
    retry_after: float = 0.0


class ILedger(Interface):
    """Counts messages per key: a bounded table of token buckets."""

    limit = Attribute("Messages a minute that one key may send; 0 for no limit.")

    def take(key: str, tokens: int = 1) -> Allowance:
        """Take so many tokens of the key's bucket, or none if there are fewer."""


@frozen
class Presented:
    """A key as a request presents it.

    :param value: the key itself.
    :param source: ``authorization``, ``x-instantly-api-key``, ``x-api-key``, ``path``,
        ``query``, or ``session-id``.
    """

    value: str
    source: str

    @property
    def place(self) -> str:
        """Where it was found, in words for a person."""
        return place_of(self.source)

    def __repr__(self) -> str:
        return f"<Presented {self.source}>"


class IGatekeeper(Interface):
    """Turns the keys that a request presents into the credential it acts with."""

    lends_openly = Attribute(
        "Whether callers get the operator's key without presenting anything."
    )

    def admit(
        presented: Sequence[Presented], workspace: str | None
    ) -> Credential | ProtocolError | None:
        """Decide.

        :param presented: what the request itself carries, in documented order. A
            session id is not among it: it stands for no secret.
        :param workspace: the ``x-as-workspace`` header.
        :returns: a credential; ``None`` for an anonymous caller; or the error.
        """

    def refusal(presented: Sequence[Presented]) -> ProtocolError | None:
        """Say why the caller is not admitted, which is for want of the server secret.

        :returns: ``None`` when the secret is presented, or none is asked for.
        """

    def beside_secret(presented: Sequence[Presented]) -> Sequence[Presented]:
        """Return what is presented but for the server's secret."""
