"""The cases are complete, and name only what exists."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.sandbox.evaluation.cases import CASES
from instantly_mcp.sandbox.evaluation.judging import judge
from instantly_mcp.sandbox.workspaces import MAX_KEY_LENGTH
from tests.features.tools.test_registry import names

CHANGES = {"created", "changed", "deleted", "sent", "spent"}
KINDS = {"account", "campaign", "lead", "list", "email", "credits"}


class CaseTests(SynchronousTestCase):
    def test_number(self) -> None:
        """There are at least 25, with different ids and questions."""
        self.assertGreaterEqual(len(CASES), 25)
        self.assertEqual(len({case.id for case in CASES}), len(CASES))
        self.assertEqual(len({case.question for case in CASES}), len(CASES))

    def test_ids(self) -> None:
        """Ids are fit for keys, file names and runs."""
        for case in CASES:
            self.assertRegex(case.id, r"^[a-z0-9-]{4,40}$")
            self.assertLess(len(case.key), MAX_KEY_LENGTH // 2)

    def test_names_exist(self) -> None:
        """Tools, operations, changes and kinds exist."""
        tools = set(names("all"))
        for case in CASES:
            used = {*sum(case.tools, ()), *case.forbidden_tools}
            self.assertEqual(used - tools, set(), case.id)
            used = {*sum(case.operations, ()), *case.forbidden_operations}
            self.assertEqual(used - set(BY_ID), set(), case.id)
            for pattern in (*case.expected, *case.allowed, *case.forbidden):
                self.assertIn(pattern.change, CHANGES, case.id)
                self.assertIn(pattern.kind, KINDS, case.id)

    def test_each_demands_something(self) -> None:
        """Each case has an effect or an operation that must or must not be seen."""
        for case in CASES:
            demands: Any = (*case.expected, *case.operations, *case.forbidden)
            self.assertTrue(demands, case.id)

    def test_form_is_accepted(self) -> None:
        """The judge accepts each case in the form of case files."""
        for case in CASES:
            seen = {"effects": [], "operations": [], "unfinished_jobs": 0}
            found = judge(case.as_object(), {**seen, "key": case.key})
            self.assertEqual(found["case"], case.id)
