"""``instantly-mcp wait`` and the commands for a sandbox that runs."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import readBody

from instantly_mcp._deferred import deferred
from instantly_mcp.cli.command import run_command
from tests.daemon.processes import MODULE, ProcessTestCase, Running

NAMESPACE = "sandbox-job-1"
SCENARIO = """\
seed = 7
start = 2026-11-02T14:00:00Z

[[workspaces.sandbox-job-1.faults]]
kind = "status"
status = 503
"""


def do(*words: str, status: int = 0) -> str:
    """Run a command in this process; return what it printed."""
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        found = run_command(words)
    if found != status:
        raise AssertionError(f"{words} ended with {found}: {printed.getvalue()}")
    return printed.getvalue()


class MistakeTests(SynchronousTestCase):
    """Commands that reach no sandbox."""

    def test_options(self):
        """A mistake on the command line is 64, and says what to write."""
        url = ("--url", "http://127.0.0.1:1")
        given: Sequence[tuple[tuple[str, ...], str]] = (
            (("sandbox", "reset"), "give --url or --ready-file"),
            (("sandbox", "reset", *url, "--ready-file", "x"), "give --url or"),
            (("sandbox", "reset", *url, "--namespace", "live"), "must begin with"),
            (("sandbox", "rest"), "unknown command of sandbox"),
            (("sandbox", "assert", *url), "give a check"),
            (("sandbox", "assert", *url, "--max-calls", "many"), "must be a whole"),
            (("sandbox", "export", *url), "give --har FILE"),
            (("sandbox", "advance", *url), "give --days or --hours"),
            (("sandbox", "advance", *url, "--days", "x"), "must be numbers"),
            (("sandbox", "verify"), "--openapi is required"),
            (("wait",), "give --url or --ready-file"),
            (("wait", *url, "--timeout", "x"), "--timeout must be"),
        )
        for words, said in given:
            self.assertIn(said, do(*words, status=64), words)

    def test_nothing_there(self):
        """A closed port and a missing file are the reasons of a wait."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        url = ("--url", f"http://127.0.0.1:{port}")
        said = do("wait", *url, "--timeout", "0", status=1)
        self.assertIn("Connection refused", said)
        self.assertIn("Connection refused", do("sandbox", "reset", *url, status=69))
        said = do("wait", "--ready-file", "none.json", "--timeout", "0", status=1)
        self.assertIn("none.json does not exist", said)

    def test_verify(self):
        """The simulation is compared with a document; a difference is status 1."""
        path = Path(self.mktemp())
        path.write_text(json.dumps({"paths": {"/x": {"get": {}}}}))
        words = ("sandbox", "verify", "--openapi", str(path))
        said = do(*words, status=1)
        self.assertIn("listCampaign (GET /api/v2/campaigns): not in the document", said)
        path.write_text("{}")
        self.assertIn("has no paths", do(*words, status=64))


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

    def tell(self, word: str, *options: str, status: int = 0) -> str:
        """Run a command of ``sandbox`` for the namespace."""
        reach = ("--ready-file", str(self.file), "--namespace", NAMESPACE)
        return do("sandbox", word, *reach, *options, status=status)

    @deferred
    async def test_job(self):
        """Wait, let an agent work, assert, export: the commands of a CI job."""
        url = (do("wait", "--ready-file", str(self.file), "--timeout", "600")).strip()
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
        said = self.tell(
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
        self.tell("export", "--har", str(har), "--jsonl", str(lines))
        self.assertEqual(len(json.loads(har.read_bytes())["log"]["entries"]), 3)
        self.assertEqual(len(lines.read_bytes().splitlines()), 3)
        said = self.tell("assert", "--outbox", "count = 1", status=64)
        self.assertIn("write == to compare", said)
        for path in (har, lines, report):
            self.assertNotIn(f"Bearer {NAMESPACE}".encode(), path.read_bytes())

    @deferred
    async def test_changes(self):
        """Commands say what they did; a file of an ended process is not used."""
        await self.running.ready()
        said = self.tell("advance", "--days", "1", "--hours", "1")
        self.assertIn(f"{NAMESPACE}: it is 2026-11-03T15:", said)
        self.tell("snapshot", "--name", "tuesday")
        self.tell("reset")
        said = self.tell("restore", "--name", "tuesday")
        self.assertIn("restored tuesday; it is 2026-11-03T15:", said)
        said = self.tell("restore", "--name", "monday", status=69)
        self.assertIn("The workspace has no snapshot of this name", said)
        self.running.send(signal.SIGKILL)
        await self.running.ended
        said = do("wait", "--ready-file", str(self.file), "--timeout", "0", status=1)
        self.assertIn(f"is of process {self.running.pid}, which has ended", said)
