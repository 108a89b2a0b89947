"""The commands of the kill switch, on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import loads
from instantly_mcp.cli.administration.sending import described
from instantly_mcp.daemon.access.books import load_books
from instantly_mcp.daemon.control.direct import run_directly
from instantly_mcp.daemon.control.subjects import command_table
from instantly_mcp.state.database import MemoryDatabase


class SendingCommandTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Load the books, as a start of the daemon does."""
        self.database = MemoryDatabase()
        self.addCleanup(self.database.close)
        self.books = load_books(self.database, lambda: 86_400.0)

    def run_command(self, name: str, **arguments: Any) -> Any:
        """Run a command; return its value."""
        table = command_table(self.books)
        return self.successResultOf(table.run(f"sending.{name}", arguments))

    def test_off_and_on(self) -> None:
        """Off and on change the switch at once, and say what is so now."""
        self.assertFalse(self.run_command("status")["off"])
        status = self.run_command("switch", off=True, by="ada")
        self.assertEqual(status, self.run_command("status"))
        self.assertTrue(self.books.sending.is_off)
        self.assertEqual(
            list(described(status))[:2],
            ["sending is off", "by ada at 1970-01-02 00:00 UTC"],
        )
        status = self.run_command("switch", off=False, by="ada")
        self.assertEqual(list(described(status)), ["sending is on"])

    def test_after_a_restart(self) -> None:
        """A daemon that starts later finds it off."""
        self.run_command("switch", off=True, by="ada")
        again = load_books(self.database, lambda: 86_401.0)
        self.assertTrue(again.sending.is_off)

    def test_setting(self) -> None:
        """What the setting switched off stays off, and the status says so."""
        self.books.sending.set(True)
        status = self.run_command("switch", off=False, by="ada")
        self.assertTrue(status["off"])
        self.assertIn("by the setting", list(described(status))[1])


class RecordedTests(SynchronousTestCase):
    """Commands without a daemon, in the audit file."""

    def test_lines(self) -> None:
        """Changes are lines with what was changed, without a secret; reads are not."""
        directory = Path(self.mktemp()).absolute()
        directory.mkdir(mode=0o700)
        run = run_directly(str(directory), wall=lambda: 86_400.0)
        secrets = []
        for name, arguments in (
            ("approver.add", {"name": "ada"}),
            ("token.add", {"name": "bob", "access": "draft"}),
            ("approver.list", {}),
            ("sending.switch", {"off": True, "by": "root"}),
        ):
            value = self.successResultOf(run(name, arguments))
            if isinstance(value, dict):
                secrets += [value.get("secret"), value.get("token")]
        text = (directory / "audit.jsonl").read_text()
        lines = [loads(line.encode()) for line in text.splitlines()][1:]
        self.assertEqual(
            [line.get("tool", line["kind"]) for line in lines],
            ["approver.add", "token.add", "sending"],
        )
        self.assertEqual(lines[0]["targets"], ["ada"])
        self.assertEqual(len(list(filter(None, secrets))), 2)
        for secret in filter(None, secrets):
            self.assertNotIn(secret, text)
