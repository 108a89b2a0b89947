"""Approvals with real processes: commands in a terminal, a daemon that is killed."""

from __future__ import annotations

import json
import re
import signal
from tempfile import TemporaryDirectory
from typing import Any

from instantly_mcp._deferred import deferred

from .processes import MODULE, ProcessTestCase, Running


class TerminalTests(ProcessTestCase):
    """The operator's commands, before a daemon runs and while one runs."""

    def setUp(self) -> None:
        """Have a state directory whose path is short enough for a socket."""
        super().setUp()
        folder = TemporaryDirectory(prefix="imcp-")
        self.addCleanup(folder.cleanup)
        self.state = {"INSTANTLY_MCP_STATE_DIR": folder.name}

    async def command(self, *words: str, stdin: str = "") -> str:
        """Run a command that succeeds; return what it printed."""
        running = self.spawn([*MODULE, *words], environ=self.state)
        transport: Any = running.transport
        transport.write(stdin.encode())
        transport.closeStdin()
        status = await running.ended
        said = running.output.decode()
        self.assertEqual(status, 0, said)
        return said

    async def daemon(self) -> tuple[Running, str]:
        """Start a daemon that asks for approval; return it and its MCP endpoint."""
        options = ("--sandbox", "--policy-sends=approve")
        listen = "--admin-listen=tcp:0:interface=127.0.0.1"
        running = self.spawn([*MODULE, *options, listen], environ=self.state)
        (url,) = (await running.ready())["urls"]
        return running, url

    async def result(self, url: str, tool: str, **arguments: Any) -> Any:
        """Call a tool; return its structured content."""
        params = {"name": tool, "arguments": arguments}
        answered = await self.call(url, "tools/call", params)
        return answered["result"]["structuredContent"]

    @deferred
    async def test_approved_over_kills(self) -> None:
        """The daemon is killed after the question, and after the approval."""
        secret, *_ = (await self.command("approver", "add", "Bo")).splitlines()
        running, url = await self.daemon()
        mails = await self.result(url, "list_emails", email_type="received")
        reply = {
            "reply_to_uuid": mails["items"][0]["id"],
            "subject": "Re: hello",
            "body": {"text": "Thank you."},
        }
        error = (await self.result(url, "reply_to_email", **reply))["error"]
        self.assertEqual(error["code"], "approval_pending")
        number = error["approval"]

        running.send(signal.SIGKILL)
        await running.ended
        shown = await self.command("approvals", "show", number)
        self.assertIn("    Thank you.", shown)

        running, url = await self.daemon()
        said = await self.command("approvals", "approve", number, stdin=f"{secret}\n")
        self.assertEqual(said, f"Bo approved {number}\n")
        running.send(signal.SIGKILL)
        await running.ended

        running, url = await self.daemon()
        sent = await self.result(url, "reply_to_email", **reply)
        self.assertTrue(sent.get("sent"), sent)
        listed = json.loads(await self.command("approvals", "list", "--json"))
        self.assertEqual(listed["pending"], [])
        self.assertEqual([each["state"] for each in listed["decided"]], ["used"])
        log = running.output.decode()
        self.assertIsNotNone(
            re.search(r"approvers decide at http://127\.0\.0\.1:\d+/approvals", log)
        )
        self.assertNotIn(secret, log)

    @deferred
    async def test_no_approver(self) -> None:
        """Without an approver the daemon does not start, and says what to do."""
        words = [*MODULE, "--sandbox", "--policy-sends=approve"]
        running = self.spawn(words, environ=self.state)
        self.assertEqual(await running.ended, 78)
        said = running.output.decode()
        self.assertIn("IMCP-APPROVAL approval is asked for by policy_sends", said)
        self.assertIn("instantly-mcp approver add NAME", said)
