"""A copy of the tree in which one rule at a time is broken and the tests are run.

Tests look for schemas in ``../shared``: if that folder exists, the copy gets a link to
it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from .mutant import PACKAGE, ROOT, Mutant

TRIAL_SECONDS = 900
SUITE_SECONDS = 300

EVERYTHING = (
    "rules",
    "protocol",
    "pipeline",
    "transports",
    "state",
    "access",
    "web",
)
"""The test packages that decide whether a mutant survives."""

_CAUGHT = re.compile(r"^tests\.((?:\w+\.)+[A-Z]\w*\.test_\w+)$", re.MULTILINE)
_COPIED = (PACKAGE, "tests", "twisted", "setup.py", "pyproject.toml", "instantly.tac")


@frozen
class Verdict:
    """The result of the tests for a mutant.

    :param caught_by: the first test that failed, or ``None``.
    :param output: the output of trial.
    """

    caught_by: str | None
    output: str


class InvalidMember(Exception):
    """The tests fail with no rule broken, or could not be run."""


class TreeCopy:
    """One copy of the tree.

    :param folder: an empty folder, which receives the copy.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / ROOT.name
        self.root.mkdir(parents=True)
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "_trial_temp*")
                shutil.copytree(source, self.root / name, ignore=ignored)
            elif source.is_file():
                shutil.copy(source, self.root / name)
        shared = ROOT.parent / "shared"
        if shared.is_dir():
            (folder / "shared").symlink_to(shared)

    def judge(self, mutant: Mutant) -> Verdict:
        """Break the rule; run its own tests and, if they pass, all of them."""
        with self.broken(mutant):
            verdict = self.run(mutant.tests)
            if verdict.caught_by is None:
                verdict = self.run(EVERYTHING)
            return verdict

    @contextmanager
    def broken(self, mutant: Mutant) -> Iterator[None]:
        """Break the rule inside the ``with`` block."""
        path = self.root / mutant.path
        source = path.read_text(encoding="utf-8")
        try:
            self._write(path, mutant.broken(source))
            yield
        finally:
            self._write(path, source)

    def run(self, names: Sequence[str]) -> Verdict:
        """Run tests until the first one fails.

        :raises InvalidMember: when trial fails for another reason than a failed test.
        """
        command = [sys.executable, "-m", "twisted.trial", "--exitfirst"]
        modules = [f"tests.{name}" for name in names]
        try:
            done = subprocess.run(
                [*command, *modules],
                cwd=self.root,
                capture_output=True,
                text=True,
                timeout=TRIAL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict("(the tests never end)", "")
        if done.returncode == 0:
            return Verdict(None, done.stdout)
        found = _CAUGHT.search(done.stdout)
        if found is None:
            raise InvalidMember(done.stdout[-3000:] + done.stderr[-3000:])
        return Verdict(found.group(1), done.stdout)

    def suite_notices(self, mutant: Mutant, npm: Path) -> bool:
        """Break the rule and return whether the conformance suite fails."""
        with self.broken(mutant):
            return self.run_suite(mutant.suite, npm)

    def run_suite(self, selection: Sequence[str], npm: Path) -> bool:
        """Return whether a selection of the conformance suite fails."""
        command = [sys.executable, "-m", "tests.mutants.suite"]
        places = [f"--npm={npm.resolve()}", f"--work={self.root / 'suite'}"]
        done = subprocess.run(
            [*command, *places, *selection],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=SUITE_SECONDS,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise InvalidMember(done.stdout[-3000:] + done.stderr[-3000:])
        return done.returncode == 1

    def _write(self, path: Path, source: str) -> None:
        path.write_text(source, encoding="utf-8")
        # Python decides by the size and the second of the file if a .pyc is current.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()
