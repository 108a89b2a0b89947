"""The mutants are valid changes of the present tree."""

from __future__ import annotations

from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from tests.conformance.run import SELECTIONS

from .everything import ALL
from .mutant import ROOT, Stale, mutant
from .report import Row, written

MODULES = ROOT / "tests"


class ListTests(SynchronousTestCase):
    def test_none_is_stale(self) -> None:
        """Each mutant's old text occurs exactly once; the result is valid Python."""
        for each in ALL:
            with self.subTest(rule=each.rule):
                source = (ROOT / each.path).read_text(encoding="utf-8")
                broken = each.broken(source)
                self.assertNotEqual(broken, source)
                compile(broken, each.path, "exec")

    def test_tests_exist(self) -> None:
        """Each mutant names the tests that should catch it."""
        for each in ALL:
            with self.subTest(rule=each.rule):
                self.assertTrue(each.tests)
                for name in each.tests:
                    path = MODULES / (name.replace(".", "/") + ".py")
                    self.assertTrue(path.is_file(), name)

    def test_selections_exist(self) -> None:
        """Each mutant's selection of the conformance suite exists."""
        known = {tuple(one.arguments) for one in SELECTIONS}
        self.assertLessEqual({each.suite for each in ALL} - {()}, known)

    def test_no_duplicates(self) -> None:
        """No two mutants are the same change or have the same rule."""
        changes = Counter((each.file, each.old, each.new) for each in ALL)
        rules = Counter(each.rule for each in ALL)
        self.assertEqual(changes.most_common(1)[0][1], 1)
        self.assertEqual(rules.most_common(1)[0][1], 1)

    def test_both_eras(self) -> None:
        """There are enough mutants of each era."""
        eras = Counter(each.era for each in ALL)
        self.assertGreaterEqual(sum(eras.values()), 45)
        self.assertGreaterEqual(min(eras.values()), 10)


class MutantTests(SynchronousTestCase):
    def test_stale(self) -> None:
        """An old text that is missing or not unique is an error."""
        for source in ("", "a = 1\na = 1\n"):
            with self.assertRaises(Stale):
                mutant("both", "A rule", "x.py", "a = 1", "a = 2", "x").broken(source)

    def test_broken(self) -> None:
        """Only the old text changes."""
        each = mutant("both", "A rule", "x.py", "a = 1", "a = 2", "x")
        self.assertEqual(each.broken("b\na = 1\nc"), "b\na = 2\nc")


class ReportTests(SynchronousTestCase):
    def test_complete(self) -> None:
        """``docs/mutants.md`` has a line for every mutant."""
        lines = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8").splitlines()
        for each in ALL:
            row = Row(mutant=each, caught_by="")
            begin = written([row]).splitlines()[-1].partition("``")[0]
            found = any(line.startswith(begin) for line in lines)
            self.assertTrue(found, f"run `make mutants`: {each.rule}")

    def test_page(self) -> None:
        """The page has a line for each mutant, and a column for the suite if it ran."""
        each = mutant("both", "A | B", "x.py", "a", "b", "x")
        row = Row(mutant=each, caught_by="rules.T.test_a")
        page = written([row])
        self.assertIn("1 of 1 broken rules make a test fail.", page)
        line = "| A \\| B | both | `x.py` | `rules.T.test_a` |"
        self.assertIn(line, page.splitlines())
        with_suite = Row(mutant=each, caught_by="rules.T.test_a", suite=True)
        self.assertIn(f"{line} fails |", written([with_suite, row]))

    def test_survivors(self) -> None:
        """A mutant survives when no test fails, or not the suite that should fail."""
        each = mutant("both", "A rule", "x.py", "a", "b", "x")
        found = [
            Row(mutant=each, caught_by=caught, suite=suite).survived
            for caught, suite in ((None, None), (None, True), ("x", False), ("x", None))
        ]
        self.assertEqual(found, [True, True, True, False])
