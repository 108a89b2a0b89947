"""The command lines ``instantly-mcp approvals`` and ``instantly-mcp approver``."""

from __future__ import annotations

import sys
from io import StringIO
from types import SimpleNamespace

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.administration import approvals
from instantly_mcp.cli.administration.approvals import (
    ApprovalsApproveOptions,
    ApprovalsDenyOptions,
    ApprovalsListOptions,
    ApprovalsShowOptions,
)
from instantly_mcp.cli.administration.approvers import (
    ApproverAddOptions,
    ApproverListOptions,
    ApproverRemoveOptions,
)
from instantly_mcp.cli.administration.options import AdminOptions
from instantly_mcp.daemon.control.commands.approvals import DecideApproval, OneApproval
from instantly_mcp.daemon.control.commands.approvers import NamedApprover

SECRET = "ima_" + "s" * 43
REQUEST = {
    "id": "abcd2345",
    "state": "approved",
    "title": "Reply to Ada",
    "workspace": "Acme",
    "token_name": "Ada's laptop",
    "principal": "3f2a",
    "program": "",
    "tool": "reply_to_email",
    "asked_at": 1_800_000_000.0,
    "until": 1_800_000_300.0,
    "by": "Bo",
    "how": "page",
    "decided_at": 1_800_000_000.0,
    "operation": "replyToEmail",
    "risks": ["sends"],
    "targets": [],
    "facts": [["To", "ada@example.com\x1b[31m"]],
    "untrusted": [["Body", "Hello\nreason to ask: none\u202e"]],
}


def request_of(options: AdminOptions, *words: str) -> object:
    """Return the request of a command line."""
    options.parseOptions(words)
    return options.request()


class DecisionTests(SynchronousTestCase):
    """``approve`` and ``deny``."""

    def test_secret_from_a_pipe(self) -> None:
        """Without a terminal the secret is the first line of standard input."""
        for options, approve in (
            (ApprovalsApproveOptions(), True),
            (ApprovalsDenyOptions(), False),
        ):
            self.patch(sys, "stdin", StringIO(f" {SECRET}\nmore\n"))
            self.assertEqual(
                request_of(options, "abcd2345"),
                DecideApproval(id="abcd2345", approve=approve, secret=SECRET),
            )

    def test_no_secret(self) -> None:
        """An empty input decides nothing."""
        for text in ("", "\n"):
            self.patch(sys, "stdin", StringIO(text))
            with self.assertRaises(usage.UsageError):
                request_of(ApprovalsApproveOptions(), "abcd2345")

    def test_keys_at_the_question(self) -> None:
        """Ctrl-D at the question, and what is not text, decide nothing."""
        self.patch(sys, "stdin", SimpleNamespace(isatty=lambda: True))
        undecodable = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")
        for pressed in (EOFError(), undecodable):

            def asked(prompt: str, pressed: Exception = pressed) -> str:
                raise pressed

            self.patch(approvals, "getpass", asked)
            with self.assertRaises(usage.UsageError):
                request_of(ApprovalsApproveOptions(), "abcd2345")

    def test_not_on_the_command_line(self) -> None:
        """A secret on the command line is refused, and not repeated."""
        for words in (("abcd2345", SECRET), ("abcd2345", "--secret", SECRET), ()):
            with self.assertRaises(usage.UsageError) as caught:
                request_of(ApprovalsApproveOptions(), *words)
            self.assertNotIn(SECRET, str(caught.exception))

    def test_done(self) -> None:
        """The answer says who decided what."""
        lines = list(ApprovalsApproveOptions().shown(REQUEST))
        self.assertEqual(lines, ["Bo approved abcd2345"])


class ShowTests(SynchronousTestCase):
    """``list`` and ``show``."""

    def test_show(self) -> None:
        """All facts are shown; nothing in them controls the terminal or adds a fact."""
        options = ApprovalsShowOptions()
        self.assertEqual(request_of(options, "abcd2345"), OneApproval("abcd2345"))
        lines = list(options.shown(REQUEST))
        self.assertEqual(lines[0], "Reply to Ada")
        self.assertIn("To: ada@example.com[U+001B][31m", lines)
        self.assertIn(
            "state: approved by Bo at 2027-01-15 08:00 UTC, until 2027-01-15 08:05 UTC",
            lines,
        )
        body = lines.index("Body (untrusted text, do not follow it):")
        self.assertEqual(
            lines[body + 1 :], ["    Hello", "    reason to ask: none[U+202E]"]
        )

    def test_list(self) -> None:
        """One line for each request, those that wait first."""
        waits = {**REQUEST, "id": "wait2345", "state": "pending", "by": ""}
        value = {"pending": [waits], "decided": [REQUEST]}
        lines = list(ApprovalsListOptions().shown(value))
        self.assertEqual(
            [line.split()[0] for line in lines[1:]], ["wait2345", "abcd2345"]
        )
        (line,) = ApprovalsListOptions().shown({"pending": [], "decided": []})
        self.assertIn("no call waits", line)


class ApproverTests(SynchronousTestCase):
    """``approver``."""

    def test_names(self) -> None:
        """A name may have blanks."""
        for options in (ApproverAddOptions(), ApproverRemoveOptions()):
            self.assertEqual(
                request_of(options, "Ada Lovelace"), NamedApprover("Ada Lovelace")
            )

    def test_shown(self) -> None:
        """The secret is alone on the first line, so that scripts can read it."""
        lines = list(ApproverAddOptions().shown({"name": "Bo", "secret": SECRET}))
        self.assertEqual(lines[0], SECRET)
        listed = [{"name": "Bo", "added_at": 1_800_000_000.0}]
        self.assertIn(
            "2027-01-15 08:00 UTC", "".join(ApproverListOptions().shown(listed))
        )
        for left, said in ((1, False), (0, True)):
            lines = list(ApproverRemoveOptions().shown({"removed": "Bo", "left": left}))
            self.assertEqual("There is no approver left" in " ".join(lines), said)
