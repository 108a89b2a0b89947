"""``instantly-mcp wait`` and the commands for a sandbox that runs, as processes."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Sequence
from xml.etree import ElementTree

from twisted.web.client import readBody

from instantly_mcp import __version__
from instantly_mcp._deferred import deferred
from tests.daemon.processes import MODULE, ProcessTestCase, Running

NAMESPACE = "sandbox-job-1"
SCENARIO = """\
seed = 7
start = 2026-11-02T14:00:00Z

[[workspaces.sandbox-job-1.faults]]
kind = "status"
status = 503
"""


class CommandTests(ProcessTestCase):
    """One sandbox, and commands that reach it."""

    def setUp(self) -> None:
        """Start a sandbox with a scenario."""
        super().setUp()
        self.file = self.folder / "ready.json"
        scenario = self.folder / "happy.toml"
        scenario.write_text(SCENARIO)
        self.running = self.start(f"--scenario={scenario}")

    def start(self, *options: str) -> Running:
        """Start a sandbox on a free port."""
        place = ("--port=0", "--ready-file", str(self.file))
        running = self.spawn([*MODULE, "sandbox", *place, *options])
        running.ready_file = self.file
        return running

    async def do(self, *words: str, status: int = 0) -> str:
        """Run a command; return what it printed."""
        running = self.spawn([*MODULE, *words], unset=("INSTANTLY_MCP_READY_FILE",))
        self.assertEqual(await running.ended, status, running.output)
        return running.output.decode()

    async def tell(self, word: str, *options: str, status: int = 0) -> str:
        """Run a command of ``sandbox`` for the namespace."""
        reach = ("--ready-file", str(self.file), "--namespace", NAMESPACE)
        return await self.do("sandbox", word, *reach, *options, status=status)

    @deferred
    async def test_job(self):
        """Wait, let an agent work, assert, export: the commands of a CI job."""
        url = (await self.do("wait", "--ready-file", str(self.file))).strip()
        bearer = {"Authorization": f"Bearer {NAMESPACE}"}
        codes = []
        for method in (b"GET", b"GET", b"DELETE"):
            target = "" if method == b"GET" else "/none"
            address = f"{url}/api/v2/campaigns{target}"
            response = await self.request(method, address, bearer)
            await readBody(response)
            codes.append(response.code)
        self.assertEqual(codes, [503, 200, 404])
        report = self.folder / "report.xml"
        said = await self.tell(
            *("assert", "--outbox", "count == 0", "--no-destructive"),
            *("--max-calls", "2", "--junit", str(report)),
            status=1,
        )
        self.assertIn("passed  --outbox count == 0", said)
        self.assertIn("FAILED  --no-destructive", said)
        self.assertIn("request 3: deleteCampaign DELETE /api/v2/campaigns/none", said)
        self.assertIn("3 API requests; the calls beyond 2:", said)
        root = ElementTree.fromstring(report.read_bytes())
        self.assertEqual((root.get("tests"), root.get("failures")), ("3", "2"))
        har, lines = self.folder / "x.har", self.folder / "x.jsonl"
        await self.tell("export", "--har", str(har), "--jsonl", str(lines))
        self.assertEqual(len(json.loads(har.read_bytes())["log"]["entries"]), 3)
        self.assertEqual(len(lines.read_bytes().splitlines()), 3)
        for path in (har, lines, report):
            self.assertNotIn(f"Bearer {NAMESPACE}".encode(), path.read_bytes())

    @deferred
    async def test_changes(self):
        """Reset, advance, snapshot and restore say what they did."""
        await self.running.ready()
        said = await self.tell("advance", "--days", "1", "--hours", "1")
        self.assertIn(f"{NAMESPACE}: it is 2026-11-03T15:00:0", said)
        await self.tell("snapshot", "--name", "tuesday")
        await self.tell("reset")
        said = await self.tell("restore", "--name", "tuesday")
        self.assertIn("restored tuesday; it is 2026-11-03T15:00:0", said)
        said = await self.tell("restore", "--name", "monday", status=69)
        self.assertIn("The workspace has no snapshot of this name", said)

    @deferred
    async def test_mistakes(self):
        """A mistake on the command line is 64, and says what to write."""
        for words, said in (
            (("assert", "--outbox", "count = 1"), "write == to compare"),
            (("assert",), "give a check"),
            (("assert", "--max-calls", "many"), "must be a whole number"),
            (("export",), "give --har FILE"),
            (("advance",), "give --days or --hours"),
            (("advance", "--days", "x"), "must be numbers"),
        ):
            await self.running.ready()
            self.assertIn(said, await self.tell(*words, status=64), words)
        url = ("--url", "http://127.0.0.1:1")
        more: Sequence[tuple[tuple[str, ...], str]] = (
            (("sandbox", "reset"), "give --url or --ready-file"),
            (("sandbox", "reset", *url, "--ready-file", "x"), "give --url or"),
            (("sandbox", "reset", *url, "--namespace", "live"), "must begin with"),
            (("sandbox", "rest"), "unknown command of sandbox"),
            (("wait",), "give --url or --ready-file"),
            (("wait", *url, "--timeout", "x"), "--timeout must be"),
        )
        for line, said in more:
            self.assertIn(said, await self.do(*line, status=64), line)

    @deferred
    async def test_not_ready(self):
        """What is not ready says why: no file, an ended process, a closed port."""
        await self.running.ready()
        self.running.send(signal.SIGKILL)
        await self.running.ended
        said = await self.do(
            "wait", "--ready-file", str(self.file), "--timeout", "0", status=1
        )
        self.assertIn(f"is of process {self.running.pid}, which has ended", said)
        self.file.unlink()
        said = await self.do(
            "wait", "--ready-file", str(self.file), "--timeout", "0", status=1
        )
        self.assertIn("does not exist", said)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        url = ("--url", f"http://127.0.0.1:{port}")
        said = await self.do("wait", *url, "--timeout", "0", status=1)
        self.assertIn("Connection refused", said)
        said = await self.do("sandbox", "reset", *url, status=69)
        self.assertIn("Connection refused", said)

    @deferred
    async def test_scenario_mistakes(self):
        """A mistake in a scenario is one line with its number; status 78."""
        path = self.folder / "bad.toml"
        path.write_text("seed = 1\nsede = 2\n\n[[faults]]\nkind = 'x'\n")
        running = self.start(f"--scenario={path}")
        self.assertEqual(await running.ended, 78)
        first, second = running.output.decode().splitlines()
        self.assertIn("bad.toml, line 2: unknown key sede", first)
        self.assertIn("bad.toml, line 5: kind must be one of", second)

    @deferred
    async def test_verify(self):
        """The simulation is compared with a document; a difference is status 1."""
        path = self.folder / "api.json"
        path.write_text(json.dumps({"paths": {"/x": {"get": {}}}}))
        words = ("sandbox", "verify", "--openapi", str(path))
        said = await self.do(*words, status=1)
        self.assertIn("listCampaign (GET /api/v2/campaigns): not in the document", said)
        path.write_text("{}")
        self.assertIn("has no paths", await self.do(*words, status=64))

    @deferred
    async def test_record(self):
        """The ready file has what scripts need."""
        record = await self.running.ready()
        self.assertEqual(record["version"], __version__)
        self.assertEqual(record["mode"], "sandbox")
