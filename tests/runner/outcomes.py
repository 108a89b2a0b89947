"""What came of a test, and the counts of many."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any

from attrs import asdict, define, field, frozen


class Kind(StrEnum):
    """What can come of a test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    LEFT = "left to test-all"
    """It is marked, see ``tests.support.programs``."""


@frozen(kw_only=True)
class Outcome:
    """What came of one test.

    :param unit: what was handed to a worker: a module, or less.
    :param test: the full name of the test.
    :param text: tracebacks, or the reason of a skip.
    """

    unit: str
    test: str
    kind: Kind
    seconds: float = 0.0
    text: str = ""

    def record(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)

    @classmethod
    def read(cls, record: dict[str, Any]) -> Outcome:
        """Return what :meth:`record` was made from."""
        return cls(**{**record, "kind": Kind(record["kind"])})


@define(eq=False)
class Tally:
    """Counts of outcomes."""

    counts: Counter[Kind] = field(factory=Counter)
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        self.counts[outcome.kind] += 1
        self.seconds += outcome.seconds

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return self.counts[Kind.FAILED] > 0

    def words(self) -> str:
        """Return the counts in words."""
        told = [kind for kind in Kind if self.counts[kind] or kind is Kind.PASSED]
        return ", ".join(f"{self.counts[kind]} {kind}" for kind in told)
