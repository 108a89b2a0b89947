"""One check and its outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, TypeAlias

from attrs import evolve, field, frozen

from ...._json_codec import Json, JsonObject

CheckOutcome: TypeAlias = Literal["ok", "warn", "fail", "unknown"]

CAN_BE_WARNINGS = ("senders", "volume", "leads", "variables", "copy", "schedule")
"""The checks that an operator may let fail without preventing a start."""

MAX_EXAMPLES = 10
"""Most examples that a check lists."""


@frozen
class Check:
    """The result of one check.

    :param says: one sentence.
    :param facts: the numbers behind it.
    :param fix: what corrects it, one sentence; every failed check has one.
    """

    name: str
    outcome: CheckOutcome
    says: str
    facts: JsonObject = field(factory=dict)
    fix: str = ""

    def unless_only(self, warn_only: Collection[str]) -> Check:
        """Return this check, a failure as a warning if its name is one of these."""
        if self.outcome == "fail" and self.name in warn_only:
            return evolve(self, outcome="warn")
        return self

    def as_object(self) -> JsonObject:
        """Return the check as JSON."""
        shown: dict[str, Json] = {
            "check": self.name,
            "outcome": self.outcome,
            "says": self.says,
        }
        if self.fix:
            shown["fix"] = self.fix
        if self.facts:
            shown["facts"] = self.facts
        return shown

    def as_line(self) -> str:
        """Return the check as a line of Markdown."""
        fix = f" {self.fix}" if self.fix else ""
        return f"- [{self.outcome}] {self.name}: {self.says}{fix}"


def verdict(checks: Iterable[Check]) -> str:
    """Return ``blocked`` if a check fails, ``needs attention`` for a warning."""
    outcomes = {check.outcome for check in checks}
    if "fail" in outcomes:
        return "blocked"
    return "needs attention" if outcomes - {"ok"} else "ready"
