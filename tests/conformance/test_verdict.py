"""The evaluation of the conformance suite: what passes and what fails."""

from __future__ import annotations

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject

from .verdict import (
    KNOWN_SKIP,
    Outcome,
    Report,
    Selection,
    judge,
    read,
    summary,
    table,
)

STAMP = "2026-11-22T15-25-25-414Z"


def check(status: str, id: str = "ping") -> JsonObject:
    """Return a check as the suite writes it."""
    return {"id": id, "status": status, "errorMessage": ""}


class JudgeTests(SynchronousTestCase):
    """One scenario."""

    def test_success(self):
        """Successes and remarks pass."""
        scenario = judge("ping", [check("SUCCESS"), check("INFO")])
        self.assertIs(scenario.outcome, Outcome.PASSED)

    def test_failure(self):
        """One failure among successes fails, and is named."""
        scenario = judge("ping", [check("SUCCESS"), check("FAILURE", "bad")])
        self.assertIs(scenario.outcome, Outcome.FAILED)
        self.assertEqual(scenario.failures, ["bad"])

    def test_warning(self):
        """A warning fails, although the suite ignores it."""
        scenario = judge("ping", [check("SUCCESS"), check("WARNING", "odd")])
        self.assertIs(scenario.outcome, Outcome.FAILED)
        self.assertEqual(scenario.warnings, ["odd"])

    def test_unknown_status(self):
        """An unknown status fails."""
        scenario = judge("ping", [check("PENDING")])
        self.assertIs(scenario.outcome, Outcome.FAILED)

    def test_no_checks(self):
        """A scenario that checked nothing fails."""
        self.assertIs(judge("ping", []).outcome, Outcome.FAILED)

    def test_known_skip(self):
        """The scenario that is skipped for every server is a skip."""
        scenario = judge(KNOWN_SKIP, [check("SKIPPED", KNOWN_SKIP)])
        self.assertIs(scenario.outcome, Outcome.SKIPPED)

    def test_other_skip(self):
        """Any other skip fails."""
        scenario = judge("ping", [check("SKIPPED", "ping")])
        self.assertEqual(scenario.failures, ["ping"])

    def test_known_skip_elsewhere(self):
        """The known skip is accepted in its own scenario only."""
        scenario = judge("ping", [check("SKIPPED", KNOWN_SKIP)])
        self.assertIs(scenario.outcome, Outcome.FAILED)

    def test_an_extension_that_is_not_declared(self):
        """The suite skips the checks of such an extension: that fails, too."""
        skipped = check("SKIPPED", "sep-2640-skills-list-implemented")
        scenario = judge("sep-2640-skills-enumeration", [check("SUCCESS"), skipped])
        self.assertEqual(scenario.failures, ["sep-2640-skills-list-implemented"])


class ReadTests(SynchronousTestCase):
    """One run's folder."""

    def setUp(self) -> None:
        """Create a folder."""
        self.folder = Path(self.mktemp())

    def add(self, scenario: str, content: str) -> None:
        """Write the result files of a scenario."""
        place = self.folder / f"server-{scenario}-{STAMP}"
        place.mkdir(parents=True)
        (place / "checks.json").write_text(content, encoding="utf-8")

    def read(self, expected: int, status: int = 0) -> Report:
        """Read the folder."""
        selection = Selection(name="some", arguments=(), expected=expected)
        return read(selection, self.folder, status)

    def test_names(self):
        """Scenarios are named as the suite names them."""
        self.add("json-schema-2020-12", json.dumps([check("SUCCESS")]))
        report = self.read(1)
        self.assertEqual(
            [one.name for one in report.scenarios], ["json-schema-2020-12"]
        )
        self.assertEqual(report.failed, 0)

    def test_lost_scenarios(self):
        """A run with fewer scenarios than there are fails."""
        self.add("ping", json.dumps([check("SUCCESS")]))
        self.assertEqual(self.read(2).failed, 1)

    def test_nothing_written(self):
        """A run without result files fails."""
        self.assertEqual(self.read(1).failed, 1)

    def test_unreadable(self):
        """A scenario whose checks cannot be read fails."""
        self.add("ping", "[")
        self.assertEqual(self.read(0).failed, 1)

    def test_status(self):
        """A suite that ends with an error fails, whatever it wrote."""
        self.add("ping", json.dumps([check("SUCCESS")]))
        self.assertEqual(self.read(1, status=1).failed, 1)


class TableTests(SynchronousTestCase):
    """The printed table."""

    def setUp(self) -> None:
        """Create the reports of two runs."""
        selection = Selection(name="some", arguments=(), expected=2)
        good = judge("ping", [check("SUCCESS")])
        skip = judge(KNOWN_SKIP, [check("SKIPPED", KNOWN_SKIP)])
        bad = judge("tools-list", [check("WARNING", "order")])
        self.reports = [
            Report(selection=selection, scenarios=[good, skip]),
            Report(selection=selection, scenarios=[bad], complaints=["status 1"]),
        ]

    def test_summary(self):
        """The last line counts scenarios, and a broken run as a failed one."""
        self.assertEqual(summary(self.reports), "1 passed, 2 failed, 1 skipped")
        last = table(self.reports).splitlines()[-1]
        self.assertEqual(last, "1 passed, 2 failed, 1 skipped")

    def test_names_what_is_wrong(self):
        """Each failure and each skip is named."""
        text = table(self.reports)
        self.assertIn("FAILED: some: tools-list: order (warning)", text)
        self.assertIn("FAILED: some: status 1", text)
        self.assertIn(f"SKIPPED: {KNOWN_SKIP}: ", text)
