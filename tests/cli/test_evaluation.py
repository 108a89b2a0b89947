"""``instantly-mcp eval``: the case file, and the judge on standard input."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.command import run_command
from instantly_mcp.cli.evaluation import JudgeOptions
from instantly_mcp.sandbox.evaluation import judging
from instantly_mcp.sandbox.evaluation.cases import CASES
from instantly_mcp.sandbox.journal import MAX_ENTRIES
from instantly_mcp.sandbox.workspaces import MAX_WORKSPACES

MANUAL = Path(__file__).parent.parent.parent / "docs" / "evaluation.md"
PAUSED = {
    "change": "changed",
    "kind": "campaign",
    "name": "Q4 Fintech",
    "fields": {"status": 2},
}


class EvalTestCase(SynchronousTestCase):
    """A test that runs the command."""

    def said(self, *words: str, given: Any = "") -> tuple[int, str, str]:
        """Run ``eval``; return its status, its output and its errors."""
        text = given if isinstance(given, str) else json.dumps(given)
        self.patch(sys, "stdin", io.StringIO(text))
        out, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            status = run_command(["eval", *words])
        return status, out.getvalue(), errors.getvalue()


class CasesTests(EvalTestCase):
    def test_one_line_each(self):
        """Each line is a case with its key."""
        status, text, _ = self.said("cases")
        self.assertEqual(status, 0)
        cases = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([case["id"] for case in cases], [case.id for case in CASES])
        for case in cases:
            self.assertEqual(case["start"]["key"], f"sandbox-eval-{case['id']}")
            self.assertTrue(case["question"])


class JudgeCommandTests(EvalTestCase):
    def seen(self, *effects: Any, key: str = "sandbox-eval-pause-campaign") -> Any:
        """Return what the sandbox would show."""
        return {
            "key": key,
            "effects": [*effects],
            "operations": [],
            "unfinished_jobs": 0,
        }

    def judged(self, given: Any, *words: str) -> tuple[int, Any]:
        """Return the status and the verdict."""
        case = ("--case", "pause-campaign")
        status, text, errors = self.said("judge", *case, *words, given=given)
        self.assertEqual(errors, "")
        return status, json.loads(text)

    def refused(self, given: Any, *words: str) -> str:
        """Return the message of a usage error."""
        status, text, errors = self.said("judge", *words, given=given)
        self.assertEqual((status, text), (64, ""))
        self.assertEqual(len(errors.splitlines()), 1, errors)
        return errors

    def test_passed(self):
        """Status 0, and a verdict without problems."""
        status, found = self.judged(self.seen(PAUSED))
        self.assertEqual(status, 0)
        expected = {"case": "pause-campaign", "passed": True, "problems": []}
        self.assertEqual(found, expected)

    def test_failed(self):
        """Status 1, and the problems."""
        status, found = self.judged(self.seen())
        self.assertEqual((status, found["passed"]), (1, False))
        self.assertEqual(len(found["problems"]), 1)

    def test_called(self):
        """The tools are judged if they are named."""
        status, _ = self.judged(self.seen(PAUSED), "--called", "pause_campaign, x")
        self.assertEqual(status, 0)
        for called in ("", "list_campaigns", "pause_campaign,delete_campaign"):
            status, _ = self.judged(self.seen(PAUSED), "--called", called)
            self.assertEqual(status, 1, called)

    def test_own_cases(self):
        """Cases of a file are judged, with any key of the sandbox."""
        path = Path(self.mktemp())
        path.write_text('\n{"id": "mine", "effects": {}}\n', encoding="utf-8")
        words = ("judge", "--cases", str(path), "--case", "mine")
        status, _, errors = self.said(*words, given=self.seen(key="sandbox"))
        self.assertEqual((status, errors), (0, ""))

    def test_unknown_case(self):
        """The message lists the cases."""
        for words in ((), ("--case", "x")):
            self.assertIn("pause-campaign, ", self.refused({}, *words))

    def test_unreadable_input(self):
        """Input that is not the reply of the sandbox is refused."""
        others: Any = ("", "x", "[]", {"items": []})
        for given in others:
            self.refused(given, "--case", "pause-campaign")

    def test_input_in_another_encoding(self):
        """Input that is not UTF-8 is refused as well."""
        given = io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8")
        self.patch(sys, "stdin", given)
        options = JudgeOptions()
        options.parseOptions(["--case", "pause-campaign"])
        self.assertRaises(UsageError, options.run)

    def test_unreadable_file(self):
        """A file that does not exist or has no JSON is refused."""
        path = Path(self.mktemp())
        self.assertIn("cannot be read", self.refused({}, "--cases", str(path)))
        path.write_text("{", encoding="utf-8")
        self.assertIn("not a JSON object", self.refused({}, "--cases", str(path)))

    def test_other_key(self):
        """The effects of another case are refused."""
        seen = self.seen(key="sandbox-eval-new-list")
        self.assertIn("of the key", self.refused(seen, "--case", "pause-campaign"))


class UsageTests(EvalTestCase):
    def test_no_command(self):
        """Without a command it says which ones there are."""
        status, _, errors = self.said()
        self.assertEqual(status, 64)
        self.assertIn("eval cases or eval judge", errors)

    def test_unknown_command(self):
        """An unknown word is not repeated: it may be a key."""
        status, _, errors = self.said("inst_0123456789")
        self.assertEqual(status, 64)
        self.assertNotIn("inst_0123456789", errors)
        self.assertIn("did you mean judge?", self.said("jugde")[2])


class ManualTests(SynchronousTestCase):
    """The manual agrees with the code."""

    def test_commands(self):
        """Its shell blocks parse, its options exist, and its limits are true."""
        text = MANUAL.read_text(encoding="utf-8")
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            shlex.split(block)
        self.assertEqual(set(re.findall(r"`--([a-z]+) ", text)), {"called", "cases"})
        known = [row[0] for row in JudgeOptions.optParameters]
        self.assertEqual(known, ["case", "cases", "called"])
        self.assertIn(f"the {MAX_WORKSPACES} keys", text)
        self.assertIn(f"the last {MAX_ENTRIES}", text)

    def test_members(self):
        """It names every member of a case, of an effect and of a reply."""
        text = MANUAL.read_text(encoding="utf-8")
        for name in (
            *judging.CASE_MEMBERS,
            *judging.GROUPS["effects"],
            *judging.PATTERN_MEMBERS,
            *judging.OBSERVED_MEMBERS,
        ):
            self.assertRegex(text, rf'[`"]{name}[`"]', name)
