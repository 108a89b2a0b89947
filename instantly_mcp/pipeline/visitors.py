"""Who asks for something outside of MCP: a probe, a page, the controls of the sandbox.

With a server secret these routes tell callers that do not present it no more than that
the server is there. The secret is looked for where keys are: in the headers, the query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from ..protocol.wire.errors import ProtocolError
from .admission import network_of
from .credential_sources import CredentialSources
from .exchange import Exchange, Headers, Route
from .interfaces import IGatekeeper, ILedger, Presented
from .refusals import too_many_tries


@frozen(kw_only=True)
class Visitor:
    """Who asks.

    :param refusal: why it may neither see nor do more than a stranger: it did not
        present the server secret that the daemon asks for.
    :param key: what it presents besides; in a sandbox, the key of a workspace.
    """

    refusal: ProtocolError | None = None
    key: str | None = None

    @property
    def known(self) -> bool:
        """It may be told everything: it presents the secret, or none is asked for."""
        return self.refusal is None


@frozen(kw_only=True)
class Visitors:
    """Tells who asks.

    :param ledger: counts requests that present anything, by address, so that the
        secret cannot be guessed here without a limit.
    """

    gatekeeper: IGatekeeper
    sources: CredentialSources
    ledger: ILedger

    def __call__(
        self, headers: Headers, query: Mapping[str, Sequence[str]], address: str
    ) -> Visitor:
        """Look at a request.

        :param address: of the client.
        """
        presented = self._presented(headers, query)
        if presented and self.gatekeeper.refusal(()) is not None:
            wait = self._wait(address)
            if wait is not None:
                return Visitor(refusal=too_many_tries(wait))
        refusal = self.gatekeeper.refusal(presented)
        if refusal is not None:
            return Visitor(refusal=refusal)
        besides = self.gatekeeper.beside_secret(presented)
        return Visitor(key=besides[0].value if besides else None)

    def _wait(self, address: str) -> float | None:
        """Return the seconds until this address may try again, if it may not now."""
        if not self.ledger.limit:
            return None
        allowance = self.ledger.take(f"address:{network_of(address)}")
        return None if allowance.granted else allowance.retry_after

    def _presented(
        self, headers: Headers, query: Mapping[str, Sequence[str]]
    ) -> Sequence[Presented]:
        asked = Exchange(
            id="", method="GET", route=Route.MCP, headers=headers, query=query
        )
        try:
            return self.sources.found(asked)
        except ProtocolError:
            # Another Authorization scheme, such as a monitor's, presents nothing here.
            return ()


def everybody_is_known(
    headers: Headers, query: Mapping[str, Sequence[str]], address: str
) -> Visitor:
    """Take everybody for known: for a server without a secret."""
    return Visitor()
