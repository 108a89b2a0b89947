"""Runs one selection of the conformance suite; exits with 1 if a check fails.

It runs inside a copy of the tree, so that it tests the fixture with the broken rule.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from tests.conformance.run import SELECTIONS, fixture, run


def main() -> int:
    """Serve the fixture, run the selection, and return 1 if a check failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.suite")
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options, arguments = parser.parse_known_args()
    work: Path = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    [selection] = [one for one in SELECTIONS if [*one.arguments] == arguments]
    with fixture(work) as url:
        report = run(selection, options.npm.resolve(), url, work / "run")
    return int(report.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
