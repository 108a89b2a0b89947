"""The gatekeeper of a daemon whose keys can be replaced while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from zope.interface import implementer

from .._credential import OPERATOR, Credential, CurrentSecret, Secret
from ..access.gatekeeper import Gatekeeper
from ..pipeline.interfaces import IGatekeeper, Presented
from ..protocol.wire.errors import ProtocolError
from .settings import Settings

MOST_FORMER = 8
"""Replaced server secrets that are told from Instantly keys; older ones are not."""


@implementer(IGatekeeper)
@define(eq=False)
class Gate:
    """Delegates to the current gatekeeper.

    :param settings: the policy, and the secrets to start with.
    """

    settings: Settings
    _operator: CurrentSecret | None = field(init=False, repr=False)
    _former: tuple[str, ...] = field(default=(), init=False, repr=False)
    _current: Gatekeeper = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Begin with the secrets of the settings."""
        key = self.settings.api_key
        self._operator = None if key is None else CurrentSecret(key, OPERATOR)
        self._current = self._gatekeeper(self.settings.server_secret)

    @property
    def lends_openly(self) -> bool:
        """Whether callers get the operator's key without presenting anything."""
        return self._current.lends_openly

    def admit(
        self, presented: Sequence[Presented], workspace: str | None
    ) -> Credential | ProtocolError | None:
        """Decide as the gatekeeper does."""
        return self._current.admit(presented, workspace)

    def refusal(self, presented: Sequence[Presented]) -> ProtocolError | None:
        """Say why the caller is not admitted, as the gatekeeper does."""
        return self._current.refusal(presented)

    def beside_secret(self, presented: Sequence[Presented]) -> Sequence[Presented]:
        """Return what is presented but for the server's secret."""
        return self._current.beside_secret(presented)

    def replace(self, api_key: Secret | None, server_secret: Secret | None) -> bool:
        """Use these secrets from now on.

        Whatever holds the operator's credential, such as a session, a task or a call
        that waits for its next attempt, has the new key at once.

        :param api_key: ``None`` only where there was none before.
        :param server_secret: the same.
        :returns: whether the server secret is another one than before.
        """
        if self._operator is not None and api_key is not None:
            self._operator.replace(api_key)
        before = self._current.server_secret
        renewed = before is not None and before != server_secret
        if before is not None and renewed:
            former = [digest for digest in self._former if digest != before.digest()]
            self._former = (*former, before.digest())[-MOST_FORMER:]
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
        )
