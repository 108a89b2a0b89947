"""The report: a line for each package, failures in full, and the counts."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, TextIO

from attrs import define, field

from .outcomes import Kind, Outcome, Tally
from .selection import Unit

RULE = "=" * 79
ALWAYS = (Kind.PASSED, Kind.FAILED, Kind.SKIPPED)
_NEEDS = re.compile(r"^needs (.*)$")


@define(eq=False)
class Group:
    """One line of the report.

    :param open: the number of unfinished units.
    """

    open: int = 0
    tally: Tally = field(factory=Tally)


@define(eq=False)
class Report:
    """Prints the outcomes of the tests.

    :param verbose: also print a line for each test.
    """

    stream: TextIO
    seed: int
    verbose: bool = False
    groups: dict[str, Group] = field(factory=dict, init=False)
    whole: Tally = field(factory=Tally, init=False)
    failures: list[Outcome] = field(factory=list, init=False)
    skips: Counter[str] = field(factory=Counter, init=False)
    left: Counter[str] = field(factory=Counter, init=False)
    warnings: list[str] = field(factory=list, init=False)
    _width: int = field(default=0, init=False)
    _began: float = field(factory=time.monotonic, init=False)

    def expect(self, units: Sequence[Unit]) -> None:
        """Register the units that will run."""
        for unit in units:
            self.groups.setdefault(unit.group, Group()).open += 1
        self._width = max((len(name) for name in self.groups), default=0)

    def process(self, unit: Unit, record: dict[str, Any]) -> None:
        """Process a record of a worker."""
        group = self.groups[unit.group]
        if "outcome" in record:
            self._count(group, Outcome.read(record["outcome"]))
        elif "warning" in record:
            self.warnings.append(record["warning"])
        elif "done" in record:
            group.open -= 1
            if not group.open:
                self._line(unit.group, group)

    def close(self) -> bool:
        """Print the rest of the report; return whether no test failed."""
        for outcome in self.failures:
            self._say(f"{RULE}\nFAILED {outcome.test}\n\n{outcome.text.rstrip()}")
        if self.failures:
            self._say(RULE)
            for outcome in self.failures:
                self._say(f"FAILED {outcome.test}")
            units = " ".join(sorted({outcome.unit for outcome in self.failures}))
            self._say(f"Again: python -m tests --seed {self.seed} {units}")
        for text in dict.fromkeys(self.warnings):
            self._say(text.rstrip())
        for reason, count in sorted(self.skips.items()):
            self._say(f"Skipped {count}: {reason}")
        self._say_left()
        unfinished = [name for name, group in self.groups.items() if group.open]
        if unfinished:
            self._say(f"Not finished: {', '.join(unfinished)}")
        self._verdict()
        return not (self.failures or unfinished) and bool(self.whole.counts)

    def _count(self, group: Group, outcome: Outcome) -> None:
        group.tally.add(outcome)
        self.whole.add(outcome)
        if outcome.kind is Kind.FAILED:
            self.failures.append(outcome)
        elif outcome.kind is Kind.SKIPPED:
            self.skips[outcome.text] += 1
        elif outcome.kind is Kind.LEFT:
            self.left[outcome.text] += 1
        if self.verbose:
            self._say(f"{outcome.test} ... {outcome.kind} ({outcome.seconds:.2f} s)")

    def _line(self, name: str, group: Group) -> None:
        words, seconds = group.tally.words(), group.tally.seconds
        self._say(f"{name:<{self._width}}  {words} in {seconds:.1f} s")

    def _say_left(self) -> None:
        if not self.left:
            return
        needs: set[str] = set()
        others: set[str] = set()
        for reason in self.left:
            found = _NEEDS.match(reason)
            needs.update(found.group(1).split(", ") if found else ())
            others.update(() if found else (reason,))
        why = [f"they need {', '.join(sorted(needs))}"] if needs else []
        why += [f"one {other}" for other in sorted(others)]
        count = self.left.total()
        self._say(f"{count} tests are left to `make test-all`: {'; '.join(why)}")

    def _verdict(self) -> None:
        counts = ", ".join(f"{self.whole.counts[kind]} {kind}" for kind in ALWAYS)
        seconds = time.monotonic() - self._began
        self._say(f"{counts} in {seconds:.0f} s (seed {self.seed})")

    def _say(self, text: str) -> None:
        self.stream.write(f"{text}\n")
        self.stream.flush()
