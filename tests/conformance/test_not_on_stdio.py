"""What the suite cannot judge through a pipe is left out, and nothing else."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from .not_on_stdio import CHECKS, SCENARIOS, remarks, without_http
from .verdict import Report, Scenario, Selection

SELECTION = Selection(name="stdio", arguments=(), expected=3)


class WithoutHttpTests(SynchronousTestCase):
    """`without_http` changes a report."""

    def judged(self, *scenarios: Scenario) -> Report:
        """Return the report of these scenarios without what is about HTTP."""
        return without_http(Report(selection=SELECTION, scenarios=scenarios))

    def test_scenarios(self):
        """A scenario about HTTP does not count, whatever its result."""
        report = self.judged(
            *(Scenario(name=name, failures=["x"]) for name in SCENARIOS),
            Scenario(name="ping"),
        )
        self.assertEqual([each.name for each in report.scenarios], ["ping"])
        self.assertEqual(report.failed, 0)

    def test_checks(self):
        """Of a mixed scenario only the listed checks do not count."""
        (name,) = CHECKS
        listed = list(CHECKS[name])
        for failures, failed in ((listed, 0), ([*listed, "other"], 1)):
            report = self.judged(Scenario(name=name, failures=failures))
            self.assertEqual(report.failed, failed)

    def test_another_scenario(self):
        """A listed check counts in every other scenario, also as a warning."""
        check = next(iter(CHECKS["server-stateless"]))
        report = self.judged(
            Scenario(name="ping", failures=[check]),
            Scenario(name="caching", warnings=[check]),
        )
        self.assertEqual(report.failed, 2)

    def test_lost_scenarios(self):
        """What is wrong with the run itself stays wrong."""
        report = Report(selection=SELECTION, scenarios=(), complaints=["lost"])
        self.assertEqual(without_http(report).failed, 1)

    def test_status(self):
        """The status of the suite counts unless what is left out explains it."""
        for status, failures, failed in ((1, ["x"], 0), (1, [], 1), (2, ["x"], 1)):
            scenario = Scenario(name="server-sse-polling", failures=failures)
            complaint = f"the suite ended with status {status}"
            report = Report(
                selection=SELECTION, scenarios=[scenario], complaints=[complaint]
            )
            self.assertEqual(without_http(report).failed, failed, complaint)

    def test_remarks(self):
        """Each omission is shown with its reason."""
        count = len(SCENARIOS) + sum(map(len, CHECKS.values()))
        self.assertEqual(len(remarks()), count)
