"""One check and its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from attrs import field, frozen

from ...._json_codec import Json, JsonObject

Outcome: TypeAlias = Literal["ok", "warn", "fail", "unknown"]

SHOWN = 10
"""Examples of a finding that are named."""


@frozen
class Check:
    """What one check found.

    :param says: one sentence.
    :param facts: the numbers behind it.
    """

    name: str
    outcome: Outcome
    says: str
    facts: JsonObject = field(factory=dict)

    def as_object(self) -> JsonObject:
        """Return the wire form."""
        shown: dict[str, Json] = {
            "check": self.name,
            "outcome": self.outcome,
            "says": self.says,
        }
        if self.facts:
            shown["facts"] = self.facts
        return shown

    def as_line(self) -> str:
        """Return a line for a person."""
        return f"- [{self.outcome}] {self.name}: {self.says}"


def verdict(checks: Iterable[Check]) -> str:
    """Sum up: one failure blocks, a doubt wants attention."""
    outcomes = {check.outcome for check in checks}
    if "fail" in outcomes:
        return "blocked"
    return "needs attention" if outcomes - {"ok"} else "ready"
