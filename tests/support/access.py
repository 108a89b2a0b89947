"""Access in tests: a guard that permits everything, and grants for any call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from instantly_mcp._credential import Credential
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.access.decisions import Decision, Policy
from instantly_mcp.api.grant import Grant
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.operation import Operation
from instantly_mcp.features.consent.confirm_tokens import ConfirmTokens
from instantly_mcp.features.consent.confirmation import Confirmations
from instantly_mcp.features.consent.consents import Consents
from instantly_mcp.features.consent.guard import WriteGuard
from instantly_mcp.protocol.interfaces import ITokenSealer
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.marks import StoredMarks


def policy_of(decision: Decision) -> Policy:
    """Return a policy with one decision for everything."""
    return Policy(
        sends=decision,
        spends=decision,
        destructive=decision,
        mass=decision,
        egress=decision,
        redirects=decision,
        admin=decision,
        writes=decision,
    )


def permissive_guard() -> WriteGuard:
    """Return a guard that sends every write, for tests that are not about access."""
    return WriteGuard(policy=policy_of(Decision.ALLOW))


def asking_guard(
    seal: ITokenSealer, wall: Callable[[], float], policy: Policy, **more: Any
) -> WriteGuard:
    """Return a guard that asks as a daemon does, with marks in memory.

    :param more: further parameters of `Consents`.
    """
    confirmations = Confirmations(
        tokens=ConfirmTokens(seal, wall), marks=StoredMarks(MemoryDatabase(), wall)
    )
    consents = Consents(confirmations=confirmations, **more)
    return WriteGuard(policy=policy, consents=consents)


class AnyGrant(Grant):
    """Covers every call, for tests of the client that are not about grants."""

    def use(self, operation: Operation, arguments: JsonObject) -> bool:
        """Cover the call."""
        return True


def any_grant(credential: Credential) -> AnyGrant:
    """Return a grant that covers every call."""
    return AnyGrant(BY_ID["getWorkspace"], credential)
