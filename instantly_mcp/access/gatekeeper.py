"""The policy that decides which credential a request uses.

A value that a caller presents is the server secret, a connection token or an Instantly
key. If a server secret is required and neither it nor a valid token was presented, the
request is refused and none of its values is used: one of them may be a mistyped secret,
which must not be sent to Instantly.
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
    looks_like_approver_secret,
    looks_like_token,
)
from ..pipeline.credential_errors import (
    RefusalReason,
    approver_secret_refused,
    server_secret_missing,
    server_secret_wrong,
    token_refused,
    token_required,
    two_keys,
    unknown_workspace,
)
from ..pipeline.interfaces import IGatekeeper, Presented
from ..protocol.wire.errors import ProtocolError
from .tokens.admission import Asked, TokenAdmission
from .tokens.token import lost_its_beginning

_SANDBOX = "sandbox"
"""The source of the credential of callers of a sandbox who present none."""


@implementer(IGatekeeper)
@frozen(kw_only=True)
class Gatekeeper:
    """Admits requests by the keys and secrets that the operator configured.

    :param operator_key: the operator's Instantly key, for callers without their own.
    :param server_secret: the secret that callers must present.
    :param former_secrets: digests of earlier server secrets, which must not be used as
        Instantly keys either.
    :param demand_secret: ``False`` with ``--no-auth``: callers do not need the secret,
        but it is still recognized, so that it is not used as an Instantly key.
    :param sandbox: the upstream is the sandbox, which must not get real keys.
    :param tokens: decides about connection tokens; ``None`` where there are none.
    """

    operator_key: Secret | None = None
    server_secret: Secret | None = None
    former_secrets: Collection[str] = ()
    demand_secret: bool = True
    sandbox: bool = False
    tokens: TokenAdmission | None = None
    _default: Credential | None = field(init=False, repr=False)
    _server_secret: bytes | None = field(init=False, repr=False)

    @_default.default
    def _default_credential(self) -> Credential | None:
        if self.sandbox:
            return Credential(secret=Secret(SANDBOX_PREFIX), source=_SANDBOX)
        if self.operator_key is None:
            return None
        return Credential(secret=self.operator_key, source=OPERATOR)

    @_server_secret.default
    def _encode_server_secret(self) -> bytes | None:
        secret = self.server_secret
        return None if secret is None else secret.reveal().encode()

    @property
    def shares_operator_key(self) -> bool:
        """Whether callers may use the operator's key without presenting anything."""
        lends = self.operator_key is not None and not self.sandbox
        return lends and not self._demands_secret and not self._requires_token

    @property
    def refuses_keys(self) -> bool:
        """Whether callers must present a connection token, and no key of their own."""
        return self.tokens is not None and self.tokens.refuses_keys

    @property
    def _requires_token(self) -> bool:
        return self.tokens is not None and self.tokens.required

    @property
    def _demands_secret(self) -> bool:
        return self._server_secret is not None and self.demand_secret

    def refusal(self, presented: Sequence[Presented]) -> ProtocolError | None:
        """Return the error for a request that lacks the server secret.

        :returns: ``None`` when the secret is not required, or it or a valid connection
            token is presented.
        """
        if not self._demands_secret or self._has_secret_or_token(presented):
            return None
        if self.refuses_keys:
            return token_required()
        if not presented:
            return server_secret_missing(needs_key=self._needs_key)
        places = " and ".join(dict.fromkeys(key.place for key in presented))
        return server_secret_wrong(places, needs_key=self._needs_key)

    def refusal_as_visitor(
        self, presented: Sequence[Presented]
    ) -> ProtocolError | None:
        """Return the error for a request outside of MCP by an unknown caller.

        A caller is known if it presents the server secret or a valid token, where one
        of them is required. Any text could be a key, so that keys identify no one here.
        """
        refusal = self.refusal(presented)
        if refusal is not None or not self._requires_token:
            return refusal
        return None if self._has_secret_or_token(presented) else token_required()

    def _has_secret_or_token(self, presented: Sequence[Presented]) -> bool:
        tokens = self.tokens
        return any(
            self._is_server_secret(key)
            or (tokens is not None and tokens.valid(key.value) is not None)
            for key in presented
        )

    def beside_secret(self, presented: Sequence[Presented]) -> Sequence[Presented]:
        """Return the presented values without the server secret."""
        if self._server_secret is None:
            return presented
        return [key for key in presented if not self._is_server_secret(key)]

    def admit(
        self,
        presented: Sequence[Presented],
        workspace: str | None,
        alias: str | None = None,
    ) -> Credential | ProtocolError | None:
        """Return the credential that the request uses, or why it is refused.

        :param workspace: the value of ``x-as-workspace``.
        :param alias: the workspace that the request names by its alias; only the
            callers with connection tokens have aliases.
        :returns: the caller's own key, else the default one, else ``None``.
        """
        keys = self.beside_secret(presented)
        for key in keys:
            if looks_like_approver_secret(key.value):
                return approver_secret_refused(key.place)
        if any(looks_like_token(key.value) for key in keys):
            return self._with_token(keys, workspace, alias)
        refusal = self.refusal(presented)
        if refusal is not None:
            return refusal
        if alias is not None:
            return unknown_workspace()
        if not keys:
            return self._without_key(workspace)
        if self.refuses_keys:
            return token_required()
        if self._requires_token and any(lost_its_beginning(k.value) for k in keys):
            return token_refused(RefusalReason.TOKEN_MISTYPED)
        first = keys[0]
        if any(key.value != first.value for key in keys):
            return two_keys()
        if self._was_secret(first.value):
            return server_secret_wrong(first.place, needs_key=self._needs_key)
        return self._with_key(first, workspace)

    def _with_token(
        self, keys: Sequence[Presented], workspace: str | None, alias: str | None
    ) -> Credential | ProtocolError:
        if self.tokens is None:
            return token_refused(RefusalReason.TOKEN_UNKNOWN)
        own = None if self._default is None else self._default.secret
        asked = Asked(workspace_id=workspace, alias=alias)
        return self.tokens.admit(keys, asked, own)

    def renewed(self, credential: Credential) -> Credential | ProtocolError:
        """Return the credential of a session as it would be admitted now.

        A session outlives what it was opened with: a token that ended or was narrowed,
        or the operator's key before the first token was issued.
        """
        if self.tokens is None:
            return credential
        if credential.rights.token is not None:
            return self.tokens.renewed(credential)
        # By the key: the source is another one after a session inside a session.
        own = self._default
        lent = own is not None and own.secret.digest() == credential.secret.digest()
        if self.refuses_keys or (lent and self._requires_token):
            return token_required()
        return credential

    @property
    def _needs_key(self) -> bool:
        """Whether callers must present an Instantly key of their own."""
        return self._default is None or self._requires_token

    def _was_secret(self, value: str) -> bool:
        """Say whether a value beside the secret is a former secret, or a bad copy.

        Bad copies are only looked for after the secret itself was presented, so the
        answers reveal nothing about it.
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
        default = None if self._requires_token else self._default
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
            # The caller keeps a principal of its own; its key is not stored.
            return evolve(credential, secret=Secret(NOT_FOR_THE_SANDBOX))
        return credential
