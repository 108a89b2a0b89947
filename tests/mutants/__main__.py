"""``python -m tests.mutants [--suite NPM_FOLDER] [--only WORDS]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from .everything import ALL
from .mutant import ROOT, Mutant
from .report import Row, written
from .tree_copy import EVERYTHING, InvalidMember, TreeCopy, Verdict

TABLE = ROOT / "docs" / "mutants.md"


def main() -> int:
    """Run the tests on every mutant; return 0 when each made a test fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--at-a-time", type=int, default=2)
    parser.add_argument("--only", default="", help="rules that contain this text")
    parser.add_argument(
        "--suite", type=Path, help="where the conformance suite is installed"
    )
    options = parser.parse_args()
    chosen = [each for each in ALL if options.only in each.rule]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        rows = judge_all(chosen, Path(folder), options.at_a_time, options.suite)
    survivors = [row.mutant for row in rows if row.survived]
    for mutant in survivors:
        sys.stdout.write(f"SURVIVED  {mutant.path}: {mutant.rule}\n")
    sys.stdout.write(f"{len(rows)} mutants, {len(survivors)} survived\n")
    if not options.only and not survivors:
        TABLE.write_text(written(rows), encoding="utf-8")
    return int(bool(survivors))


def judge_all(
    mutants: Sequence[Mutant], folder: Path, at_a_time: int, npm: Path | None
) -> Sequence[Row]:
    """Run the tests on the mutants, `at_a_time` in parallel, each in its own copy.

    :raises InvalidMember: when the tests, or the suite, fail on the unbroken tree.
    """
    copies: SimpleQueue[TreeCopy] = SimpleQueue()
    for number in range(at_a_time):
        copies.put(TreeCopy(folder / str(number)))

    def judge(mutant: Mutant) -> Row:
        copy = copies.get()
        try:
            verdict = copy.judge(mutant)
            noticed = None
            if npm is not None and mutant.suite:
                noticed = copy.suite_notices(mutant, npm)
        finally:
            copies.put(copy)
        _report(mutant, verdict)
        return Row(mutant=mutant, caught_by=verdict.caught_by, suite=noticed)

    unbroken = copies.get()
    _check_unbroken(unbroken, {each.suite for each in mutants if each.suite}, npm)
    copies.put(unbroken)
    with ThreadPoolExecutor(at_a_time) as pool:
        return list(pool.map(judge, mutants))


def _check_unbroken(
    copy: TreeCopy, selections: Iterable[Sequence[str]], npm: Path | None
) -> None:
    verdict = copy.run(EVERYTHING)
    if verdict.caught_by is not None:
        raise InvalidMember(f"{verdict.caught_by} fails with no rule broken")
    if npm is None:
        return
    for selection in selections:
        if copy.run_suite(selection, npm):
            raise InvalidMember(f"{' '.join(selection)} fails with no rule broken")


def _report(mutant: Mutant, verdict: Verdict) -> None:
    said = verdict.caught_by or "NOT CAUGHT"
    sys.stdout.write(f"{mutant.rule}: {said}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
