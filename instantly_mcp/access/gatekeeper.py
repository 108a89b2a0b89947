"""Which credential a request acts with: the policy, and nothing of how keys travel.

There are no magic values. Every key that is presented is either the server's secret or
somebody's Instantly key.
"""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

from attrs import evolve, field, frozen
from zope.interface import implementer

from .._credential import NOT_FOR_THE_SANDBOX, OPERATOR, Credential, Secret
from ..pipeline.interfaces import IGatekeeper, Presented
from ..protocol.errors import ProtocolError, invalid_request, unauthorized

SANDBOX_PREFIX: Final = "sandbox"


@implementer(IGatekeeper)
@frozen(kw_only=True)
class Gatekeeper:
    """Decides from what the operator configured.

    :param operator_key: the operator's Instantly key, for callers without their own.
    :param server_secret: what callers must present to be served at all.
    :param demand_secret: ``False`` under ``--no-auth``: the secret is recognized, so
        that it is never taken for an Instantly key, but nobody needs it.
    :param sandbox: the upstream is the simulation; no real key may get near it.
    """

    operator_key: Secret | None = None
    server_secret: Secret | None = None
    demand_secret: bool = True
    sandbox: bool = False
    _default: Credential | None = field(init=False, repr=False)
    _server_secret: bytes | None = field(init=False, repr=False)

    @_default.default
    def _default_credential(self) -> Credential | None:
        if self.sandbox:
            return Credential(secret=Secret(SANDBOX_PREFIX), source="sandbox")
        if self.operator_key is None:
            return None
        return Credential(secret=self.operator_key, source=OPERATOR)

    @_server_secret.default
    def _encode_server_secret(self) -> bytes | None:
        secret = self.server_secret
        return None if secret is None else secret.reveal().encode()

    @property
    def lends_openly(self) -> bool:
        """Whether callers get the operator's key without presenting anything."""
        lends = self.operator_key is not None and not self.sandbox
        return lends and (self.server_secret is None or not self.demand_secret)

    def admit(
        self,
        presented: Sequence[Presented],
        workspace: str | None,
        trusted: bool,
    ) -> Credential | ProtocolError | None:
        """Return the caller's own key, else the default one, else ``None``."""
        if self._server_secret is not None:
            own = [key for key in presented if not self._is_server_secret(key)]
            admitted = trusted or len(own) < len(presented)
            if self.demand_secret and not admitted:
                return unauthorized("Unauthorized: Invalid or missing API key")
            presented = own
        if not presented:
            return self._without_key(workspace)
        first = presented[0]
        if any(key.value != first.value for key in presented):
            return invalid_request(
                "two different API keys in one request; neither was used"
            )
        return self._with_key(first, workspace)

    def _is_server_secret(self, key: Presented) -> bool:
        secret = self._server_secret
        return secret is not None and compare_digest(key.value.encode(), secret)

    def _without_key(self, workspace: str | None) -> Credential | None:
        default = self._default
        if default is None or workspace is None:
            return default
        return Credential(
            secret=default.secret, source=default.source, workspace=workspace
        )

    def _with_key(self, key: Presented, workspace: str | None) -> Credential:
        credential = Credential(
            secret=Secret(key.value), source=key.source, workspace=workspace
        )
        if self.sandbox and not key.value.startswith(SANDBOX_PREFIX):
            # The caller keeps a principal of its own, and nobody keeps its key.
            return evolve(credential, secret=Secret(NOT_FOR_THE_SANDBOX))
        return credential
