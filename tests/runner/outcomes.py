"""The outcome of a test, and counts of outcomes."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any

from attrs import asdict, define, field, frozen


class Kind(StrEnum):
    """The kinds of outcome."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    LEFT = "left to test-all"
    """The test is marked and was not run, see ``tests.support.programs``."""


@frozen(kw_only=True)
class Outcome:
    """The outcome of one test.

    :param unit: the unit that the worker ran: a module, or a part of one.
    :param test: the full name of the test.
    :param text: tracebacks, or the reason of a skip.
    """

    unit: str
    test: str
    kind: Kind
    seconds: float = 0.0
    text: str = ""

    def record(self) -> dict[str, Any]:
        """Return the outcome as a JSON object."""
        return asdict(self)

    @classmethod
    def read(cls, record: dict[str, Any]) -> Outcome:
        """Return the outcome of a record."""
        return cls(**{**record, "kind": Kind(record["kind"])})


@define(eq=False)
class Tally:
    """Counts of outcomes."""

    counts: Counter[Kind] = field(factory=Counter)
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.counts[outcome.kind] += 1
        self.seconds += outcome.seconds

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return self.counts[Kind.FAILED] > 0

    def words(self) -> str:
        """Return the counts as text."""
        told = [kind for kind in Kind if self.counts[kind] or kind is Kind.PASSED]
        return ", ".join(f"{self.counts[kind]} {kind}" for kind in told)
