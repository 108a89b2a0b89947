"""``python -m tests [NAME…]``: runs the suite in random order, in several processes.

A name is a package, a module, a class or a test: ``tests.web``, ``tests/web``,
``tests.web.test_app.PageTests``. The report has one line for each package, and shows
each failure in full at the end. ``-v`` prints each test; ``--jobs 1`` runs everything
in this process, so that a debugger works; ``--all`` also runs the tests that need other
programs.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Sequence

from tests.runner.report import Report
from tests.runner.selection import select
from tests.runner.worker_pool import WorkerPool
from tests.support.programs import ALL

MOST_JOBS = 4
"""Maximum number of processes; more of them only wait for sockets and disks."""


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--all", action="store_true", help="run marked tests, too")
    parser.add_argument("--jobs", type=int, help="processes; 1 is this process")
    parser.add_argument("--seed", type=int, help="seed of the random order")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Run the suite; return the exit status."""
    options = arguments(words)
    if options.all:
        os.environ[ALL] = "1"
    seed = int(time.time() * 100) if options.seed is None else options.seed
    units = select(options.names or ["tests"])
    random.Random(seed).shuffle(units)
    jobs = options.jobs or min(os.cpu_count() or 1, MOST_JOBS, len(units))
    verbose = options.verbose or bool(os.environ.get("VERBOSE"))
    report = Report(sys.stdout, seed, verbose)
    report.expect(units)
    # Also report the failures when the run is ended because it takes too long.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    WorkerPool(units, seed, report.process).run(max(jobs, 1))
    return 0 if report.close() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
