"""Which credential a request acts with: the policy, and nothing of how keys travel.

There are no magic values. Every value that is presented is either the server's secret
or somebody's Instantly key, and without the secret, where it is asked for, nothing that
was presented is used: it may be a mistyped secret, which must not reach Instantly.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hmac import compare_digest

from attrs import evolve, field, frozen
from zope.interface import implementer

from .._credential import (
    NOT_FOR_THE_SANDBOX,
    OPERATOR,
    SANDBOX_PREFIX,
    Credential,
    Secret,
)
from ..pipeline.credential_errors import (
    server_secret_missing,
    server_secret_wrong,
    two_keys,
)
from ..pipeline.interfaces import IGatekeeper, Presented
from ..protocol.wire.errors import ProtocolError


@implementer(IGatekeeper)
@frozen(kw_only=True)
class Gatekeeper:
    """Decides from what the operator configured.

    :param operator_key: the operator's Instantly key, for callers without their own.
    :param server_secret: what callers must present to be served at all.
    :param former_secrets: digests of the server secrets that this one replaced: they
        are no Instantly keys either.
    :param demand_secret: ``False`` under ``--no-auth``: the secret is recognized, so
        that it is never taken for an Instantly key, but callers do not need it.
    :param sandbox: the upstream is the simulation; no real key may get near it.
    """

    operator_key: Secret | None = None
    server_secret: Secret | None = None
    former_secrets: Collection[str] = ()
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
        return lends and not self._demands_secret

    @property
    def _demands_secret(self) -> bool:
        return self._server_secret is not None and self.demand_secret

    def refusal(self, presented: Sequence[Presented]) -> ProtocolError | None:
        """Say why the caller is not admitted, which is for want of the server secret.

        :returns: ``None`` when the secret is presented, or none is asked for.
        """
        if not self._demands_secret or any(map(self._is_server_secret, presented)):
            return None
        if not presented:
            return server_secret_missing(needs_key=self._needs_key)
        places = " and ".join(dict.fromkeys(key.place for key in presented))
        return server_secret_wrong(places, needs_key=self._needs_key)

    def beside_secret(self, presented: Sequence[Presented]) -> Sequence[Presented]:
        """Return what is presented but for the server's secret."""
        if self._server_secret is None:
            return presented
        return [key for key in presented if not self._is_server_secret(key)]

    def admit(
        self, presented: Sequence[Presented], workspace: str | None
    ) -> Credential | ProtocolError | None:
        """Return the caller's own key, else the default one, else ``None``."""
        refusal = self.refusal(presented)
        if refusal is not None:
            return refusal
        keys = self.beside_secret(presented)
        if not keys:
            return self._without_key(workspace)
        first = keys[0]
        if any(key.value != first.value for key in keys):
            return two_keys()
        if self._was_secret(first.value):
            return server_secret_wrong(first.place, needs_key=self._needs_key)
        return self._with_key(first, workspace)

    @property
    def _needs_key(self) -> bool:
        """Callers bring an Instantly key of their own."""
        return self._default is None

    def _was_secret(self, value: str) -> bool:
        """Say whether a value beside the secret is an older one, or a bad copy of it.

        Bad copies are only looked for once the secret itself was presented, so that
        nothing can be learned about it from the answers.
        """
        if self.former_secrets and Secret(value).digest() in self.former_secrets:
            return True
        if self.server_secret is None or not self.demand_secret:
            return False
        one, other = value.casefold(), self.server_secret.reveal().casefold()
        return one in other or other in one

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
            # The caller keeps a principal of its own; its key is kept nowhere.
            return evolve(credential, secret=Secret(NOT_FOR_THE_SANDBOX))
        return credential
