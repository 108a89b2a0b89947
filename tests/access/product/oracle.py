"""What the specification says about a call: a table, written apart from the code.

`verdict` says what may happen with one call, from its risk classes, the access level of
the caller and the operator's policy. It shares no line with ``access/``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .attempts import DESTRUCTIVE, REDIRECTS, SENDS, SPENDS

RUNS = "runs"
"""It reaches Instantly at once."""
ASKS = "asks"
"""It reaches Instantly once it is confirmed, within MCP."""
WAITS = "waits"
"""It reaches Instantly once a person approves it, outside of MCP."""
REFUSED = "refused"
"""It never reaches Instantly."""

READ_ONLY, DRAFT, FULL = "read-only", "draft", "full"
EGRESS, ADMIN, MASS, WRITES = "egress", "admin", "mass", "writes"

CLASSES = (SENDS, SPENDS, DESTRUCTIVE, MASS, EGRESS, REDIRECTS, ADMIN, WRITES)

DEFAULTS: Mapping[str, str] = {
    SENDS: "confirm",
    SPENDS: "confirm",
    DESTRUCTIVE: "confirm",
    MASS: "confirm",
    EGRESS: "deny",
    REDIRECTS: "confirm",
    ADMIN: "deny",
    WRITES: "allow",
}
"""The policy of a daemon whose operator set none."""

FORBIDDEN_IN_DRAFT = frozenset({SENDS, SPENDS, DESTRUCTIVE, MASS, EGRESS, ADMIN})

_VERDICTS = {"allow": RUNS, "confirm": ASKS, "approve": WAITS, "deny": REFUSED}
_FROM_MILD_TO_STRICT = ("allow", "confirm", "approve", "deny")


def verdict(
    classes: Collection[str], level: str, policy: Mapping[str, str], *, stops: bool
) -> str:
    """Return what may happen with a call.

    :param classes: its risk classes; empty for another write.
    :param policy: the operator's settings; the others have their defaults.
    :param stops: it pauses or stops something, which is never harder than starting.
    """
    if level == READ_ONLY:
        return REFUSED
    if stops:
        return RUNS
    if level == DRAFT and FORBIDDEN_IN_DRAFT.intersection(classes):
        return REFUSED
    whole = {**DEFAULTS, **policy}
    decisions = [whole[each] for each in classes or (WRITES,)]
    return _VERDICTS[max(decisions, key=_FROM_MILD_TO_STRICT.index)]


def everything(decision: str) -> dict[str, str]:
    """Return a policy with one decision for all classes."""
    return dict.fromkeys(CLASSES, decision)


def only(name: str) -> dict[str, str]:
    """Return a policy that denies one class and allows the others."""
    return {**everything("allow"), name: "deny"}


def settings_of(policy: Mapping[str, str]) -> dict[str, str]:
    """Return a policy as the daemon's settings."""
    return {f"policy_{name}": value for name, value in policy.items()}
