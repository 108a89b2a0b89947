"""Access in tests: a guard that permits everything, and grants for any call."""

from __future__ import annotations

from instantly_mcp._credential import Credential
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.access.decisions import Decision, Policy
from instantly_mcp.api.grant import Grant
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.operation import Operation
from instantly_mcp.features.consent.guard import WriteGuard


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


class AnyGrant(Grant):
    """Covers every call, for tests of the client that are not about grants."""

    def use(self, operation: Operation, arguments: JsonObject) -> bool:
        """Cover the call."""
        return True


def any_grant(credential: Credential) -> AnyGrant:
    """Return a grant that covers every call."""
    return AnyGrant(BY_ID["getWorkspace"], credential)
