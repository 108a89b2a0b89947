"""A gatekeeper whose keys can be replaced while the daemon runs."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from zope.interface import implementer

from ..._credential import OPERATOR, Credential, CurrentSecret, Secret
from ...access.gatekeeper import Gatekeeper
from ...access.tokens.admission import TokenAdmission
from ...pipeline.interfaces import IGatekeeper, Presented
from ...protocol.wire.errors import ProtocolError
from ..settings.settings import Settings

MAX_FORMER_SECRETS = 8
"""How many replaced server secrets are remembered.

A caller that still presents one is refused; without this it would be taken for an
Instantly key and sent to Instantly.
"""


@implementer(IGatekeeper)
@define(eq=False)
class ReloadableGatekeeper:
    """Delegates to a gatekeeper that is replaced when the server secret changes.

    :param settings: the policy and the initial secrets.
    :param tokens: decides about connection tokens; ``None`` for a server without them.
    """

    settings: Settings
    tokens: TokenAdmission | None = None
    _operator: CurrentSecret | None = field(init=False, repr=False)
    _former: tuple[str, ...] = field(default=(), init=False, repr=False)
    _current: Gatekeeper = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Start with the secrets of the settings."""
        key = self.settings.api_key
        self._operator = None if key is None else CurrentSecret(key, OPERATOR)
        self._current = self._gatekeeper(self.settings.server_secret)

    @property
    def shares_operator_key(self) -> bool:
        """Whether callers use the operator's key without presenting anything."""
        return self._current.shares_operator_key

    def admit(
        self,
        presented: Sequence[Presented],
        workspace: str | None,
        alias: str | None = None,
    ) -> Credential | ProtocolError | None:
        """Decide as the current gatekeeper does."""
        return self._current.admit(presented, workspace, alias)

    @property
    def refuses_keys(self) -> bool:
        """Whether callers must present a connection token, and no key of their own."""
        return self._current.refuses_keys

    def refusal_as_visitor(
        self, presented: Sequence[Presented]
    ) -> ProtocolError | None:
        """Return why a caller outside of MCP is not known, as the current one does."""
        return self._current.refusal_as_visitor(presented)

    def renewed(self, credential: Credential) -> Credential | ProtocolError:
        """Return the credential of a session as the current gatekeeper sees it."""
        return self._current.renewed(credential)

    def refusal(self, presented: Sequence[Presented]) -> ProtocolError | None:
        """Return why the caller is refused, as the current gatekeeper does."""
        return self._current.refusal(presented)

    def beside_secret(self, presented: Sequence[Presented]) -> Sequence[Presented]:
        """Return what is presented, without the server secret."""
        return self._current.beside_secret(presented)

    def replace(self, api_key: Secret | None, server_secret: Secret | None) -> bool:
        """Use these secrets from now on.

        Sessions, tasks and calls that wait for a retry hold the operator's credential;
        they use the new key at once.

        :param api_key: ``None`` only if there was no key before.
        :param server_secret: ``None`` only if there was no secret before.
        :returns: whether the server secret changed.
        """
        if self._operator is not None and api_key is not None:
            self._operator.replace(api_key)
        before = self._current.server_secret
        renewed = before is not None and before != server_secret
        if before is not None and renewed:
            former = [digest for digest in self._former if digest != before.digest()]
            self._former = (*former, before.digest())[-MAX_FORMER_SECRETS:]
        self._current = self._gatekeeper(server_secret)
        return renewed

    def _gatekeeper(self, server_secret: Secret | None) -> Gatekeeper:
        current = None if server_secret is None else server_secret.digest()
        return Gatekeeper(
            operator_key=self._operator,
            server_secret=server_secret,
            former_secrets=tuple(each for each in self._former if each != current),
            demand_secret=not self.settings.no_auth,
            sandbox=self.settings.sandbox,
            tokens=self.tokens,
        )
