"""``python -m tests [NAME…]``: the suite in random order, collecting garbage each time.

It is ``trial --force-gc --random=0`` but for one thing: what survives a test's
collection is set aside, so that the next one looks only at what is new. A Deferred
that failed unseen is found in the test that lost it, at next to no cost.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Sequence

from twisted.trial.itrial import IReporter
from twisted.trial.reporter import TreeReporter
from twisted.trial.runner import DestructiveTestSuite, TestLoader, TrialRunner
from twisted.trial.unittest import TestDecorator, decorate


class SetAside(TestDecorator):
    """A test before which everything that is in memory is set aside.

    Garbage was collected just then, and is collected again just after the test.
    """

    def run(self, result: IReporter) -> None:
        """Run the test."""
        gc.freeze()
        super().run(result)


def run(names: Sequence[str], seed: int) -> bool:
    """Run the tests of these names; say whether all of them passed."""
    loader = TestLoader()
    loader.suiteFactory = DestructiveTestSuite
    shuffled = random.Random(seed)
    loader.sorter = lambda _: shuffled.random()
    suite = decorate(loader.loadByNames(list(names), recurse=True), SetAside)
    runner = TrialRunner(TreeReporter, forceGarbageCollection=True)
    return bool(runner.run(suite).wasSuccessful())


if __name__ == "__main__":
    SEED = int(time.time() * 100)
    sys.stdout.write(f"Running tests shuffled with seed {SEED}\n\n")
    sys.exit(not run(sys.argv[1:] or ["tests"], SEED))
