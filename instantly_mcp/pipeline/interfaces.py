"""The interfaces of the pipeline's parts, and of what it needs from other packages."""

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
    from .replies.reply import Outcome, Reply


class IStage(Interface):
    """One step of the pipeline."""

    name = Attribute("Label used in logs and metrics.")

    def process(exchange: Exchange) -> Deferred[Outcome]:
        """Return an exchange for the next stage, or a reply, which ends the run."""


class ITransport(Interface):
    """A transport of the MCP specification, such as Streamable HTTP."""

    def accepts(exchange: Exchange) -> bool:
        """Say whether this transport serves the exchange. Has no side effects."""

    def serve(exchange: Exchange) -> Deferred[Reply]:
        """Serve an exchange that `accepts` returned true for."""


@frozen
class Allowance:
    """The result of an admission limit check.

    :param granted: the request may pass.
    :param retry_after: seconds until it may pass, if it may not now.
    """

    granted: bool
    retry_after: float = 0.0


class IAdmissionLimit(Interface):
    """Limits messages per bucket: a bounded table of token buckets."""

    limit = Attribute("Messages a minute that one bucket grants; 0 for no limit.")

    def take(key: str, tokens: int = 1) -> Allowance:
        """Take `tokens` from a bucket, or none if it holds fewer.

        :param key: the name of the bucket, such as an address or a key's digest.
        """


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
        """Where the key was found, in words for people."""
        return place_of(self.source)

    def __repr__(self) -> str:
        return f"<Presented {self.source}>"


class IGatekeeper(Interface):
    """Turns the keys that a request presents into the credential it acts with."""

    shares_operator_key = Attribute(
        "Whether callers may use the operator's key without presenting anything."
    )

    refuses_keys = Attribute(
        "Whether callers must present a connection token, and no key of their own."
    )

    def admit(
        presented: Sequence[Presented], workspace: str | None, alias: str | None = None
    ) -> Credential | ProtocolError | None:
        """Return the credential that a caller acts with.

        :param presented: the keys that the request itself carries, in the documented
            order. A session id is not among them, because it is not a secret.
        :param workspace: the ``x-as-workspace`` header.
        :param alias: the workspace that the request names by its alias.
        :returns: a credential; ``None`` for an anonymous caller; or the error.
        """

    def refusal(presented: Sequence[Presented]) -> ProtocolError | None:
        """Return an error if the server secret is required, and was not presented.

        A valid connection token counts as the secret.
        """

    def refusal_as_visitor(presented: Sequence[Presented]) -> ProtocolError | None:
        """Return an error if the caller of a route outside of MCP is not known."""

    def renewed(credential: Credential) -> Credential | ProtocolError:
        """Return the credential of a session as it would be admitted now."""

    def beside_secret(presented: Sequence[Presented]) -> Sequence[Presented]:
        """Return the presented keys without the server secret."""
