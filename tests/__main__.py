"""``python -m tests [NAME…]``: the suite in random order, collecting garbage each time.

It is ``trial --force-gc --random=0`` but for one thing: what is in memory before the
first test begins is set aside, so that collecting costs next to nothing.
A Deferred that failed unseen is then found in the test that lost it.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Sequence

from twisted.trial.reporter import TreeReporter
from twisted.trial.runner import DestructiveTestSuite, TestLoader, TrialRunner


def run(names: Sequence[str], seed: int) -> bool:
    """Run the tests of these names; say whether all of them passed."""
    loader = TestLoader()
    loader.suiteFactory = DestructiveTestSuite
    shuffled = random.Random(seed)
    loader.sorter = lambda _: shuffled.random()
    suite = loader.loadByNames(names, recurse=True)
    gc.collect()
    gc.freeze()
    runner = TrialRunner(TreeReporter, forceGarbageCollection=True)
    return runner.run(suite).wasSuccessful()


if __name__ == "__main__":
    SEED = int(time.time() * 100)
    sys.stdout.write(f"Running tests shuffled with seed {SEED}\n\n")
    sys.exit(not run(sys.argv[1:] or ["tests"], SEED))
