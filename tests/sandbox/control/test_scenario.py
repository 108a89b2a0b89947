"""Scenarios: how the workspaces of a sandbox begin."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.sandbox.control.scenario import ScenarioError, read_scenario

WHOLE = """\
seed = 42
start = 2026-11-02T09:30:00Z   # a Monday
hostile_content = false

[[faults]]
kind = "slow"
seconds = 3

[workspaces.sandbox-attacked]
hostile_content = true

[[workspaces.sandbox-flaky.faults]]
kind = "status"
status = 429
operation = "listCampaign"
on_call = 3

[[workspaces.sandbox-flaky.faults]]
kind = "cut"
"""


class ScenarioTests(SynchronousTestCase):
    """What a file says."""

    def wrong(self, text):
        """Return the mistakes in a file."""
        return self.assertRaises(ScenarioError, read_scenario, text).lines

    def test_whole(self):
        """Seed, start, faults and content, of all workspaces and of one."""
        scenario = read_scenario(WHOLE)
        self.assertEqual(scenario.seed, 42)
        self.assertEqual(scenario.start, datetime(2026, 11, 2, 9, 30, tzinfo=UTC))
        kinds = [fault.kind.value for fault in scenario.faults_of("sandbox-flaky")]
        self.assertEqual(kinds, ["slow", "status", "cut"])
        self.assertEqual(len(scenario.faults_of("sandbox")), 1)
        self.assertTrue(scenario.is_hostile("sandbox-attacked", False))
        self.assertFalse(scenario.is_hostile("sandbox", True))

    def test_nothing(self):
        """An empty file changes nothing."""
        scenario = read_scenario("")
        self.assertEqual((scenario.seed, scenario.start), (None, None))
        self.assertTrue(scenario.is_hostile("sandbox", True))

    def test_starts(self):
        """A start is a date, which means 9:00 UTC, or a time, bare or in quotes."""
        for text, hour in (
            ("2026-11-02", 9),
            ('"2026-11-02"', 9),
            ("2026-11-02T14:00:00Z", 14),
            ('"2026-11-02T14:00:00Z"', 14),
            ("2026-11-02T14:00:00", 14),
            ("2026-11-02T14:00:00+02:00", 12),
        ):
            start = read_scenario(f"start = {text}").start
            assert start is not None
            self.assertEqual(start.astimezone(UTC).hour, hour, text)

    def test_mistakes(self):
        """Each mistake is named with its line, all at once."""
        text = WHOLE.replace("42", "-1").replace("429", "42").replace('"cut"', '"cat"')
        text = text.replace("hostile_content = true", "hostile = true")
        lines = self.wrong(text)
        self.assertEqual(
            [line.partition(":")[0] for line in lines],
            ["line 1", "line 10", "line 14", "line 19"],
        )
        self.assertIn("line 14: status must be a number from 400 to 599", lines)

    def test_one_mistake(self):
        """What is wrong, and what is right."""
        for text, line in (
            ("seed = ", "line 1: Invalid value"),
            ("\nseed = 1\nseed = 2", "line 3: Cannot overwrite a value"),
            ("sed = 1", "line 1: unknown key sed; there are seed, start"),
            ("\nstart = 'noon'", "line 2: start must be a date"),
            ("start = 09:00:00", "line 1: start must be a date"),
            ("start = 0001-01-01T00:00:00+01:00", "line 1: start must be a date"),
            ("seed = true", "line 1: seed must be a whole number"),
            ("faults = 3", "line 1: faults must be"),
            ("faults = [3]", "line 1: A fault has only these fields"),
            ("[[faults]]\nkind='cut'\nx=1", "line 1: A fault has only these fields"),
            ("[[faults]]\n\nkind = 'x'", "line 3: kind must be one of"),
            ("[workspaces.live]", "line 1: the name of a workspace must begin"),
            ("workspaces = 1", "line 1: workspaces must be a table"),
            ("[workspaces]\nsandbox-a = 1", "line 2: sandbox-a must be a table"),
            ("hostile_content = 'no'", "line 1: hostile_content must be true or"),
        ):
            first, *more = self.wrong(text)
            self.assertTrue(first.startswith(line), (text, first))
            self.assertEqual(more, [], text)

    @given(st.text(max_size=80))
    def test_any_text(self, text):
        """Any text is a scenario, or a list of mistakes with line numbers."""
        try:
            read_scenario(text)
        except ScenarioError as error:
            for line in error.lines:
                self.assertRegex(line, r"\Aline \d+: ")
