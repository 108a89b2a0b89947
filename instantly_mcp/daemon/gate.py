"""The gatekeeper of a daemon whose keys can be replaced while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define
from zope.interface import implementer

from .._credential import Credential, Secret
from ..access.gatekeeper import Gatekeeper
from ..pipeline.interfaces import IGatekeeper, Presented
from ..protocol.errors import ProtocolError
from .settings import Settings


@implementer(IGatekeeper)
@define(eq=False)
class Gate:
    """Delegates to the current gatekeeper."""

    on_duty: IGatekeeper

    @property
    def lends_openly(self) -> bool:
        """Whether callers get the operator's key without presenting anything."""
        lends: bool = self.on_duty.lends_openly
        return lends

    def admit(
        self, presented: Sequence[Presented], workspace: str | None, trusted: bool
    ) -> Credential | ProtocolError | None:
        """Decide as the gatekeeper does."""
        decided: Credential | ProtocolError | None = self.on_duty.admit(
            presented, workspace, trusted
        )
        return decided


def gatekeeper_of(
    settings: Settings, api_key: Secret | None, server_secret: Secret | None
) -> Gatekeeper:
    """Return a gatekeeper for these secrets, with the policy of the settings."""
    return Gatekeeper(
        operator_key=api_key,
        server_secret=server_secret,
        demand_secret=not settings.no_auth,
        sandbox=settings.sandbox,
    )
