"""Runs one selection of the conformance suite; exits with 1 if it notices something.

It is run inside a copy of the tree, so that the fixture there is the broken one.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from tests.conformance.run import SELECTIONS, fixture, run


def main() -> int:
    """Serve the fixture, send the selection, judge."""
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
