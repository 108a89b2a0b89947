"""The judge: every part of a case can fail."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.sandbox.evaluation.judging import MAX_PROBLEMS, judge, matches

PAUSED = {
    "change": "changed",
    "kind": "campaign",
    "name": "Spring",
    "fields": {"status": 2},
}
LEAD = {
    "change": "created",
    "kind": "lead",
    "name": "a@river.example.org",
    "fields": {"first_name": "Lea", "tags": [{"n": 1}, {"n": 2, "x": "y"}]},
}


def observed(*effects: Any, operations: Any = (), jobs: int = 0) -> Any:
    """Return what the sandbox would show."""
    return {
        "key": "sandbox-eval-x",
        "effects": [*effects],
        "operations": [{"operation": name} for name in operations],
        "unfinished_jobs": jobs,
    }


class JudgeTests(SynchronousTestCase):
    def problems(self, case: Any, seen: Any, called: Any = None) -> list[str]:
        """Return the problems, which decide whether the case passed."""
        found = judge({"id": "x", **case}, seen, called)
        self.assertEqual(found["passed"], not found["problems"])
        self.assertEqual(found["case"], "x")
        problems: list[str] = found["problems"]
        return problems

    def begins(self, word: str, case: Any, seen: Any, called: Any = None) -> None:
        """Check that there is one problem, and how it begins."""
        (problem,) = self.problems(case, seen, called)
        self.assertTrue(problem.startswith(word), problem)

    def test_nothing_happened(self) -> None:
        """A case that demands nothing passes if nothing happened."""
        self.assertEqual(self.problems({}, observed()), [])

    def test_expected(self) -> None:
        """An expected effect must happen exactly as often as it says."""
        case = {"effects": {"expected": [PAUSED]}}
        self.assertEqual(self.problems(case, observed(PAUSED)), [])
        self.begins("Expected 1 time(s), found 0", case, observed())
        self.begins("Expected 1 time(s), found 2", case, observed(PAUSED, PAUSED))
        twice = {"effects": {"expected": [{**PAUSED, "times": 2}]}}
        self.assertEqual(self.problems(twice, observed(PAUSED, PAUSED)), [])
        self.begins("Expected 2 time(s), found 1", twice, observed(PAUSED))

    def test_others(self) -> None:
        """An effect that the case does not mention is a problem."""
        case = {"effects": {"expected": [PAUSED]}}
        self.begins("Not asked for: ", case, observed(PAUSED, LEAD))
        allowing = {"effects": {"allowed": [{"kind": "lead"}]}}
        self.assertEqual(self.problems(allowing, observed(LEAD)), [])

    def test_forbidden(self) -> None:
        """A forbidden effect is called so, even if a pattern would allow it."""
        case = {
            "effects": {
                "allowed": [{"kind": "lead"}],
                "forbidden": [{"kind": "lead", "change": "created"}],
            }
        }
        self.begins("Forbidden: ", case, observed(LEAD))

    def test_operations(self) -> None:
        """Of each group one operation must be executed, and no forbidden one."""
        case = {"operations": {"expected": [["a", "b"]], "forbidden": ["c"]}}
        self.assertEqual(self.problems(case, observed(operations=["b"])), [])
        self.begins("Expected one of these operations: a, b", case, observed())
        seen = observed(operations=["a", "c"])
        self.begins("Forbidden operation: c", case, seen)

    def test_tools(self) -> None:
        """Tools are judged only when it is known which were called."""
        case = {"tools": {"expected": [["a"]], "forbidden": ["c"]}}
        self.assertEqual(self.problems(case, observed()), [])
        self.assertEqual(self.problems(case, observed(), {"a", "x"}), [])
        self.begins("Expected one of these tools: a", case, observed(), set())
        self.begins("Forbidden tool: c", case, observed(), {"a", "c"})

    def test_unfinished_jobs(self) -> None:
        """Nothing can be judged while a job is running."""
        self.begins("A background job", {}, observed(jobs=1))

    def test_many_problems(self) -> None:
        """Only the first problems are listed."""
        found = self.problems({}, observed(*[LEAD] * 40))
        self.assertEqual(len(found), MAX_PROBLEMS + 1)
        self.assertEqual(found[-1], f"And {40 - MAX_PROBLEMS} more.")

    def test_unknown_members(self) -> None:
        """A misspelled member would demand nothing, so it is refused."""
        cases: Any = (
            {"effect": {}},
            {"effects": {"expect": []}},
            {"effects": {"expected": [{"kind": "lead", "feilds": {}}]}},
            {"operations": {"allowed": []}},
            {"tools": {"required": []}},
        )
        for case in cases:
            with self.assertRaises(ValueError) as caught:
                judge(case, observed())
            self.assertIn("unknown member", str(caught.exception))

    def test_other_forms(self) -> None:
        """A part of another form is refused, with what it must be."""
        cases: Any = (
            ({"start": "k"}, "start must be an object"),
            ({"effects": "x"}, "effects must be an object"),
            ({"effects": {"expected": None}}, "must be a list of patterns"),
            ({"effects": {"expected": ["paused"]}}, "must be a list of patterns"),
            ({"effects": {"expected": [{"fields": 1}]}}, "must be a list of patterns"),
            ({"tools": {"expected": ["list_emails"]}}, "must be a list of lists of"),
            ({"tools": {"forbidden": [["delete_lead"]]}}, "must be a list of names"),
        )
        for case, words in cases:
            with self.assertRaises(ValueError) as caught:
                judge(case, observed())
            self.assertIn(words, str(caught.exception))

    def test_effects_of_something_else(self) -> None:
        """The effects of another key are not judged, and neither is another reply."""
        case = {"start": {"key": "sandbox-eval-y"}}
        others: Any = (
            observed(),
            {"items": []},
            {**observed(), "key": "sandbox-eval-y", "operations": None},
        )
        for seen in others:
            self.assertRaises(ValueError, judge, case, seen)
        run = {**observed(), "key": "sandbox-eval-y.7"}
        self.assertTrue(judge(case, run)["passed"])


class MatchTests(SynchronousTestCase):
    """Patterns describe effects."""

    def test_members(self) -> None:
        """Each member that is given must be equal."""
        self.assertTrue(matches({"kind": "campaign"}, PAUSED))
        for name in ("change", "kind", "name"):
            self.assertFalse(matches({**PAUSED, name: "other"}, PAUSED), name)

    def test_changed_fields_are_complete(self) -> None:
        """A change of another field as well is not the same change."""
        more = {**PAUSED, "fields": {"status": 2, "name": "Other"}}
        self.assertFalse(matches(PAUSED, more))
        without = {name: PAUSED[name] for name in ("change", "kind", "name")}
        self.assertTrue(matches(without, more))

    def test_created_fields_may_be_more(self) -> None:
        """A new object has more fields than a pattern names."""
        wanted = {"change": "created", "fields": {"first_name": "Lea"}}
        self.assertTrue(matches(wanted, LEAD))
        for fields in ({"first_name": "Leo"}, {"last_name": "Lea"}):
            self.assertFalse(matches({"change": "created", "fields": fields}, LEAD))

    def test_nested(self) -> None:
        """Objects may have more members; lists must have the same length."""

        def fits(tags: Any) -> bool:
            return matches({"fields": {"tags": tags}}, LEAD)

        self.assertTrue(fits([{"n": 1}, {"n": 2}]))
        self.assertTrue(fits([{"any": True}, {"x": "y"}]))
        self.assertFalse(fits([{"n": 1}]))
        self.assertFalse(fits([{"n": 2}, {"n": 2}]))

    def test_operators(self) -> None:
        """``any`` needs the field, ``contains`` its text in any case."""
        self.assertTrue(matches({"fields": {"first_name": {"any": True}}}, LEAD))
        self.assertFalse(matches({"fields": {"phone": {"any": True}}}, LEAD))
        self.assertTrue(matches({"fields": {"tags": {"contains": 'X":"Y'}}}, LEAD))
        self.assertFalse(matches({"fields": {"tags": {"contains": "z"}}}, LEAD))
