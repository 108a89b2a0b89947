"""Identifies callers of the routes outside of MCP: probes, pages, sandbox controls.

If there is a server secret or a connection token, callers that present neither only
learn that the server exists. Both are sent in the same places as keys: in the headers
or the query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from .._credential import Credential, looks_like_token
from ..protocol.wire.errors import ProtocolError
from .credential_sources import CredentialSources
from .exchange import Exchange, Headers, Route
from .interfaces import IAdmissionLimit, IGatekeeper, Presented
from .refusals import too_many_tries
from .stages.admission import network_of


@frozen(kw_only=True)
class Visitor:
    """The caller of a route outside of MCP.

    :param refusal: the error for a caller that presented neither the server secret nor
        a connection token, if one of them is required.
    :param key: what it presents besides; in a sandbox, the key of a workspace.
    :param operator: it presented the server secret.
    :param principal: of the MCP requests with the same credential; ``None`` if such
        requests are refused.
    """

    refusal: ProtocolError | None = None
    key: str | None = None
    operator: bool = False
    principal: str | None = None

    @property
    def known(self) -> bool:
        """Whether it may see everything: it presented what is required."""
        return self.refusal is None


@frozen(kw_only=True)
class Visitors:
    """Identifies callers.

    :param address_limit: limits requests that present anything, by address, so that the
        secret cannot be guessed here.
    """

    gatekeeper: IGatekeeper
    sources: CredentialSources
    address_limit: IAdmissionLimit

    def __call__(
        self, headers: Headers, query: Mapping[str, Sequence[str]], address: str
    ) -> Visitor:
        """Identify the caller of a request.

        :param address: the client's address.
        """
        presented = self._presented(headers, query)
        if presented and self.gatekeeper.refusal_as_visitor(()) is not None:
            wait = self._wait(address)
            if wait is not None:
                return Visitor(refusal=too_many_tries(wait))
        refusal = self.gatekeeper.refusal_as_visitor(presented)
        if refusal is not None:
            return Visitor(refusal=refusal)
        besides = self.gatekeeper.beside_secret(presented)
        keys = [key.value for key in besides if not looks_like_token(key.value)]
        return Visitor(
            key=keys[0] if keys else None,
            operator=len(besides) < len(presented),
            principal=self._principal(presented),
        )

    def _principal(self, presented: Sequence[Presented]) -> str | None:
        admitted = self.gatekeeper.admit(presented, None)
        return admitted.principal if isinstance(admitted, Credential) else None

    def _wait(self, address: str) -> float | None:
        """Return the seconds until this address may try again, if it may not now."""
        if not self.address_limit.limit:
            return None
        allowance = self.address_limit.take(f"address:{network_of(address)}")
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
            # Monitors may send another Authorization scheme, which is ignored here.
            return ()


def every_caller_is_known(
    headers: Headers, query: Mapping[str, Sequence[str]], address: str
) -> Visitor:
    """Let every caller see everything: for a server without a secret."""
    return Visitor()
