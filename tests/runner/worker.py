"""Runs units of work with trial, one after the other, and reports each outcome.

It works like ``trial --force-gc --random``, with one difference: objects that survive
the garbage collection after a test are frozen, so that the next collection examines
only new objects. So an unhandled error in a Deferred is found in the test that caused
it, at little cost.

``python -m tests.runner.worker SEED`` reads names of units from standard input, one on
each line, and writes JSON lines to the original standard output.
"""

from __future__ import annotations

import faulthandler
import gc
import io
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import define
from twisted.python.failure import Failure
from twisted.trial._asyncrunner import _ForceGarbageCollectionDecorator
from twisted.trial.itrial import IReporter, ITestCase
from twisted.trial.reporter import Reporter
from twisted.trial.runner import (
    DestructiveTestSuite,
    ErrorHolder,
    TestLoader,
    TrialRunner,
)
from twisted.trial.unittest import TestDecorator, decorate
from zope.interface import implementer

from tests.support.programs import Left, all_wanted
from tests.support.timing import PATIENCE_SECONDS

from .outcomes import Kind, Outcome

STUCK_SECONDS = 2 * PATIENCE_SECONDS
"""If a test blocks the process for this time, the process shows all stacks and ends."""

Emit = Callable[[dict[str, Any]], None]


class WithFrozenHeap(TestDecorator):
    """A test before which all existing objects are frozen.

    Garbage is collected before and after each test.
    """

    def run(self, result: IReporter) -> None:
        """Run the test."""
        gc.freeze()
        super().run(result)


def with_programs(test: Any) -> Any:
    """Return a test, or one that fails because a program that it needs is missing."""
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    needed = {*getattr(test, "requirements", ()), *getattr(method, "requirements", ())}
    missing = " ".join(sorted(filter(None, (one.missing for one in needed))))
    if not (missing and all_wanted()):
        return test
    return ErrorHolder(test.id(), Failure(AssertionError(missing)))


class OutcomeReporter(Reporter):
    """A trial reporter that emits one outcome for each test."""

    def __init__(self, worker: Worker, *others: Any) -> None:
        self._text = io.StringIO()
        super().__init__(self._text, *others[1:])
        self._worker = worker
        self._kind = Kind.PASSED
        self._told: list[str] = []
        self._started = 0.0

    def startTest(self, test: Any) -> None:
        """Start the time of the test."""
        super().startTest(test)
        faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        self._kind, self._told = Kind.PASSED, []
        self._started = time.perf_counter()
        self._worker.started(test.id())

    def stopTest(self, test: Any) -> None:
        """Emit the outcome."""
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()
        self._tell(test, time.perf_counter() - self._started)

    def addFailure(self, test: Any, fail: Any) -> None:
        """Store the failure."""
        self._failed(test, self._formatFailureTraceback(self._getFailure(fail)))

    addError = addFailure

    def addSkip(self, test: Any, reason: Any) -> None:
        """Store the reason of a skip."""
        self._kind = Kind.LEFT if isinstance(reason, Left) else Kind.SKIPPED
        self._told.append(str(reason))

    def addUnexpectedSuccess(self, test: Any, todo: Any = None) -> None:
        """Treat an expected failure as a failure."""
        self._failed(test, f"Unexpected success: {todo}\n")

    def done(self) -> None:
        """Stop looking for warnings."""
        if self._publisher is not None:
            self._publisher.removeObserver(self._observeWarnings)

    def _failed(self, test: Any, text: str) -> None:
        self._kind = Kind.FAILED
        self._told.append(text)
        if not hasattr(test, "id"):  # Trial's "<not in test>" is a text.
            self._tell(test, 0.0)

    def _tell(self, test: Any, seconds: float) -> None:
        warnings = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        name = test.id() if hasattr(test, "id") else str(test)
        text = "\n".join(self._told)
        self._worker.tell(name, self._kind, seconds, text, warnings)


@implementer(ITestCase)
@define(eq=False)
class Worker:
    """The test case that trial runs: it runs the units as they arrive.

    :param units: the names of units.
    :param emit: gets each record: ``started``, ``outcome``, ``warning`` or ``done``.
    """

    units: Iterable[str]
    emit: Emit
    seed: int
    unit: str = ""
    skip = None
    failureException = AssertionError

    def run(self, result: Any) -> None:
        """Run all units."""
        for unit in self.units:
            self.unit = unit
            suite = self._load(unit)
            for wrap in (with_programs, ITestCase, WithFrozenHeap):
                suite = decorate(suite, wrap)
            decorate(suite, _ForceGarbageCollectionDecorator).run(result)
            self.emit({"done": unit})

    __call__ = run

    def started(self, test: str) -> None:
        """Emit that a test starts."""
        self.emit({"started": test})

    def tell(
        self, test: str, kind: Kind, seconds: float, text: str, warnings: str
    ) -> None:
        """Emit the outcome of a test."""
        if warnings:
            self.emit({"warning": warnings})
        outcome = Outcome(
            unit=self.unit, test=test, kind=kind, seconds=seconds, text=text
        )
        self.emit({"outcome": outcome.record()})

    def id(self) -> str:
        """Return a name, as test cases have one."""
        return "the suite"

    shortDescription = id

    def countTestCases(self) -> int:
        """Return 1: the number of tests is not known yet."""
        return 1

    def _load(self, unit: str) -> Any:
        loader = TestLoader()
        loader.suiteFactory = DestructiveTestSuite
        shuffled = random.Random(f"{self.seed} {unit}")
        loader.sorter = lambda _: shuffled.random()
        return loader.loadByName(unit, recurse=True)


def run(units: Iterable[str], seed: int, emit: Emit) -> None:
    """Run units in this process."""
    worker = Worker(units=units, emit=emit, seed=seed)
    whole: Any = worker
    TrialRunner(lambda *others: OutcomeReporter(worker, *others)).run(whole)


def _handed() -> Iterator[str]:
    for line in sys.stdin:
        yield line.strip()


def main(seed: int) -> None:
    """Serve the parent process until it closes standard input."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.set_inheritable(told.fileno(), False)
    # The output of a test must not be mistaken for a record.
    os.dup2(2, 1)

    def emit(record: dict[str, Any]) -> None:
        told.write(json.dumps(record) + "\n")
        told.flush()

    run(_handed(), seed, emit)


if __name__ == "__main__":
    main(int(sys.argv[1]))
