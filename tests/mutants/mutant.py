"""A mutant: one rule, and the change of a file that breaks it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "instantly_mcp"

Era: TypeAlias = Literal["both", "legacy", "modern"]


class Stale(Exception):
    """The old text of a mutant does not occur exactly once: update the mutant."""


@frozen(kw_only=True)
class Mutant:
    """One broken rule.

    :param rule: the rule, as a sentence that is true of the unbroken tree.
    :param file: the file below the package.
    :param old: text that occurs in it exactly once.
    :param new: the text that replaces it.
    :param tests: the test modules to try first, below ``tests``.
    :param suite: a selection of the conformance suite that must fail, too.
    """

    rule: str
    era: Era
    file: str
    old: str
    new: str
    tests: Sequence[str]
    suite: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The file below the root of the tree."""
        return f"{PACKAGE}/{self.file}"

    def broken(self, source: str) -> str:
        """Return the file's text with the rule broken.

        :raises Stale: when the old text does not occur exactly once.
        """
        count = source.count(self.old)
        if count != 1:
            raise Stale(
                f"{self.path} has the old text of {self.rule!r} {count} times: change "
                "the mutant in tests/mutants, so that its text occurs exactly once"
            )
        return source.replace(self.old, self.new)


def mutant(
    era: Era, rule: str, file: str, old: str, new: str, *tests: str, suite: str = ""
) -> Mutant:
    """Return a mutant: a short form for the lists."""
    return Mutant(
        rule=rule,
        era=era,
        file=file,
        old=old,
        new=new,
        tests=tests,
        suite=tuple(suite.split()),
    )
