"""A real daemon records its writes, also when it is killed; without a record, none."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import JsonObject, loads

from .processes import MODULE, Running
from .test_stopping import KEY, UpstreamTestCase, answer
from .test_writes_over_restarts import MAIL, REPLY

LIST = {"name": "Between us"}


class AuditedDaemonTests(UpstreamTestCase):
    """One state directory, a real Instantly-like upstream, real commands."""

    def setUp(self) -> Any:
        """Make a state directory with a short path, for its socket."""
        self.state = Path(tempfile.mkdtemp(prefix="imcp-"))
        self.addCleanup(shutil.rmtree, self.state)
        return super().setUp()

    async def start(self) -> tuple[Running, str]:
        """Start a daemon that needs no consent."""
        running = self.live(f"--state-dir={self.state}", "--policy-sends=allow")
        (url,) = (await running.ready())["urls"]
        return running, url

    def calls(self, url: str, tool: str, arguments: Any) -> Deferred[Any]:
        """Begin to call a tool."""
        params = {"name": tool, "arguments": arguments}
        calling = self.call(url, "tools/call", params, {"x-api-key": KEY})
        return Deferred.fromCoroutine(calling)

    def lines(self) -> list[JsonObject]:
        """Return the lines of the audit file."""
        text = (self.state / "audit.jsonl").read_bytes()
        return list(map(loads, text.splitlines()))

    def kinds(self) -> list[str]:
        """Return the kinds of the lines."""
        return [line["kind"] for line in self.lines()]

    async def command(self, *words: str) -> tuple[int, str]:
        """Run a command on the state directory; return status and output."""
        running = self.spawn([*MODULE, *words, f"--state-dir={self.state}"])
        status = await running.ended
        return status, running.output.decode()

    @deferred
    async def test_one_write(self):
        """A write has its intent before it is sent, and its outcome after it."""
        running, url = await self.start()
        calling = self.calls(url, "create_lead_list", LIST)
        asked = await self.upstream.asked.get()
        intent = self.lines()[-1]
        answer(asked, b'{"id": "l1", "name": "Between us"}')
        self.assertNotIn("isError", (await calling)["result"])
        self.assertEqual(self.kinds(), ["opened", "started", "intent", "outcome"])
        self.assertEqual(intent["tool"], "create_lead_list")
        self.assertEqual(intent["operation"], "createLeadList")
        self.assertEqual(self.lines()[-1]["outcome"], "done")
        self.assertEqual(self.lines()[-1]["act"], intent["act"])
        text = (self.state / "audit.jsonl").read_bytes()
        for secret in (KEY.encode(), b"Between us"):
            self.assertNotIn(secret, text)
        status, shown = await self.command("audit", "show", "--outcome=done")
        self.assertEqual(status, 0)
        self.assertIn("create_lead_list", shown)
        running.send(signal.SIGTERM)
        await running.ended
        self.assertEqual(self.kinds()[-1], "stopped")
        head = self.lines()[-1]["mac"]
        self.assertIn(head.encode(), running.output)
        status, shown = await self.command("audit", "verify", f"--head={head}")
        self.assertEqual((status, "intact" in shown), (0, True), shown)

    @deferred
    async def test_killed(self):
        """A write is ambiguous after the daemon was killed; the chain goes on."""
        running, url = await self.start()
        lost = self.calls(url, "create_lead_list", LIST)
        lost.addErrback(lambda _: None)
        await self.upstream.asked.get()
        running.send(signal.SIGKILL)
        await running.ended
        await lost
        # A machine that crashes may leave a part of a line.
        with (self.state / "audit.jsonl").open("ab") as file:
            file.write(b'{"seq":4,"kind":"outc')
        await self.start()
        lines = [
            loads(line)
            for line in (self.state / "audit.jsonl").read_bytes().splitlines()
            if line.endswith(b'"}')
        ]
        self.assertEqual(
            [line["kind"] for line in lines],
            ["opened", "started", "intent", "repaired", "started", "outcome"],
        )
        self.assertEqual(lines[-1]["outcome"], "ambiguous")
        self.assertEqual(lines[-1]["act"], lines[2]["act"])
        status, shown = await self.command("audit", "verify")
        self.assertEqual((status, "intact" in shown), (0, True), shown)

    @deferred
    async def test_no_record_no_write(self):
        """While the file cannot be written nothing is sent; reads still work."""
        logs = self.folder / "logs"
        logs.mkdir()
        running = self.live(
            f"--state-dir={self.state}",
            f"--audit-file={logs / 'audit.jsonl'}",
            "--policy-sends=allow",
        )
        (url,) = (await running.ready())["urls"]
        shutil.rmtree(logs)
        result = (await self.calls(url, "create_lead_list", LIST))["result"]
        (content,) = result["content"]
        error = json.loads(content["text"])
        self.assertEqual(error["code"], "not_allowed")
        self.assertIn("audit", error["message"])
        self.assertEqual(self.upstream.asked.pending, [])
        reading = self.calls(url, "list_lead_lists", {})
        asked = await self.upstream.asked.get()
        self.assertEqual(asked.method, b"GET")
        answer(asked, b'{"items": []}')
        self.assertNotIn("isError", (await reading)["result"])
        logs.mkdir()
        writing = self.calls(url, "create_lead_list", LIST)
        answer(await self.upstream.asked.get(), b'{"id": "l1", "name": "Between us"}')
        self.assertNotIn("isError", (await writing)["result"])

    @deferred
    async def test_sending_off(self):
        """The command switches sending off in the running daemon, and after it."""
        running, url = await self.start()
        status, shown = await self.command("sending", "off")
        self.assertEqual(status, 0, shown)
        self.assertIn("Campaigns that already run at Instantly go on", shown)
        for _ in range(2):
            calling = self.calls(url, "reply_to_email", REPLY)
            answer(await self.upstream.asked.get(), json.dumps(MAIL).encode())
            (content,) = (await calling)["result"]["content"]
            self.assertEqual(json.loads(content["text"])["code"], "sending_off")
            self.assertEqual(self.upstream.asked.pending, [])
            running.send(signal.SIGTERM)
            await running.ended
            running, url = await self.start()
        self.assertIn("sending", self.kinds())
        status, shown = await self.command("sending", "on")
        self.assertIn("sending is on", shown)
