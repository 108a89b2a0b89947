"""An agency's day: twenty workspaces in a real daemon, tokens by person.

The workspaces are administered by the real command while the daemon runs, and reached
over HTTP at the simulated Instantly, with ``x-as-workspace`` on the wire.
"""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

from instantly_mcp._deferred import deferred
from instantly_mcp.sandbox.agency import ADMIN_KEY, CLIENTS
from tests.daemon.processes import MODULE
from tests.support.programs import takes_long

from .cases import Daemon, LiveTestCase
from .raw_wires import ModernWire, RawWire, SessionWire
from .sdk_wire import SdkWire
from .story import value_of

BLUE, GREEN, TEAL = "client-blue", "client-green", "client-teal"
BY_ALIAS = {each.alias: each for each in CLIENTS}
DEAD = "sandbox-revoked-canary"


class AgencyTests(LiveTestCase):
    """One admin key for nineteen clients, and a key of its own for the twentieth."""

    keys = (ADMIN_KEY, DEAD, "imt_")

    def setUp(self) -> None:
        """Have a state directory whose path is short enough for a socket, and keys."""
        super().setUp()
        self.state = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.state)
        self.write("agency.key", ADMIN_KEY)
        self.write("teal.key", DEAD)

    def write(self, name: str, content: str) -> Path:
        """Write a file that only its owner reads."""
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        path.chmod(0o600)
        return path

    async def command(self, *words: str, status: int = 0) -> str:
        """Run a command of administration; return what it prints."""
        running = self.spawn((*MODULE, *words, f"--state-dir={self.state}"))
        self.assertEqual(await running.ended, status, running.output)
        return running.output.decode()

    async def token(self, name: str, *words: str) -> str:
        """Issue a token; return it."""
        added = await self.command("token", "add", "--name", name, "--json", *words)
        return str(json.loads(added)["token"])

    async def open(self) -> None:
        """Start the simulated Instantly and the daemon, and add the workspaces."""
        self.server, self.upstream = await self.live(f"--state-dir={self.state}")
        table = ["alias,api_key_file,under,id", "agency,agency.key,,"]
        table += [
            f"{each.alias},,agency,{each.id}" for each in CLIENTS if each.alias != TEAL
        ]
        file = self.write("clients.csv", "\n".join([*table, f"{TEAL},teal.key,,\n"]))
        said = await self.command("workspace", "import", str(file), "--dry-run")
        self.assertEqual(said.count("would add "), 21)
        self.assertIn("no workspace", await self.command("workspace", "list"))
        said = await self.command("workspace", "import", str(file))
        self.assertEqual(said.count("added "), 21)

    def wire(self, token: str, kind: type[RawWire] = ModernWire) -> RawWire:
        """Return a client that presents a token."""
        wire = kind(self.server.url, token)
        self.addCleanup(wire.drop)
        return wire

    async def official(self, token: str) -> SdkWire:
        """Connect the client of the official SDK, which presents a token."""
        wire = SdkWire(self.server.url, token, "modern", "2026-07-28")
        await wire.connect()
        self.addCleanup(wire.drop)
        return wire

    async def value(self, wire: RawWire | SdkWire, tool: str, **arguments: Any) -> Any:
        """Return what a call of a tool returned, be it a result or an error."""
        if isinstance(wire, RawWire) and not wire.opened:
            await wire.connect()
        return value_of(await wire.call(tool, arguments))

    async def lists_of(self, alias: str) -> str:
        """Return the lead lists of a client, as Instantly has them."""
        headers = {"Authorization": f"Bearer {BY_ALIAS[alias].key}"}
        url = f"{self.upstream.base}/api/v2/lead-lists?limit=100"
        return json.dumps(json.loads(await self.get(url, headers)))

    @takes_long("starts about a dozen processes")
    @deferred
    async def test_a_day(self) -> None:
        """Each person reaches the clients of its token, and no other ones."""
        await self.open()
        ada = await self.token("Ada", "--workspace", BLUE, "--workspace", GREEN)
        bob = await self.token("Bob", "--workspace", GREEN)
        everything = [f"--workspace={each.alias}" for each in CLIENTS]
        weekly = await self.token("Weekly", "--access", "read-only", *everything)
        await self.ada_works(ada)
        await self.bob_stays(bob)
        await self.report_names_the_missing(weekly)
        await self.state_survives(self.server, ada)
        ada = await self.quarter_ends(ada, bob)
        await self.ada_leaves(ada)

    async def ada_works(self, token: str) -> None:
        """A write reaches the workspace that it names, and the audit says so."""
        wire = self.wire(token)
        made = await self.value(
            wire, "create_lead_list", workspace=BLUE, name="From Ada"
        )
        self.assertEqual(made["workspace"], BLUE)
        self.assertIn("From Ada", await self.lists_of(BLUE))
        self.assertNotIn("From Ada", await self.lists_of(GREEN))
        error = await self.value(wire, "create_lead_list", workspace=TEAL, name="No")
        self.assertEqual(error["code"], "workspace_not_allowed")
        lines = (self.state / "audit.jsonl").read_text(encoding="utf-8").splitlines()
        acts = [json.loads(line) for line in lines]
        spoken = {act["workspace"] for act in acts if act.get("workspace")}
        self.assertEqual(spoken, {BLUE})

    async def bob_stays(self, token: str) -> None:
        """A token for one workspace has no argument, and no way to another one."""
        wire = self.wire(token, kind=SessionWire)
        found = await self.value(wire, "list_lead_lists")
        self.assertEqual(found["workspace"], GREEN)
        error = await self.value(wire, "list_lead_lists", workspace=BLUE)
        self.assertEqual(error["code"], "bad_argument")
        for tool in await wire.tools():
            self.assertNotIn("workspace", tool["inputSchema"]["properties"])

    async def report_names_the_missing(self, token: str) -> None:
        """One dead key costs its part of the report, until its file is replaced."""
        wire = self.wire(token)
        report = await self.value(await self.official(token), "report_all_workspaces")
        self.assertEqual(report["answered_workspaces"], 19)
        self.assertTrue(
            report["warning"].startswith("19 of 20 workspaces answered."), report
        )
        self.assertIn(f"{TEAL}: Instantly rejected the API key", report["warning"])
        (missing,) = report["missing"]
        self.assertEqual(
            (missing["workspace"], missing["code"]), (TEAL, "key_rejected")
        )
        self.write("teal.key", BY_ALIAS[TEAL].key)
        self.server.running.send(signal.SIGHUP)
        await self.server.running.said(b"reloaded", 1)
        report = await self.value(wire, "report_all_workspaces")
        self.assertEqual(report["answered_workspaces"], 20)
        self.assertNotIn("missing", report)

    async def quarter_ends(self, ada: str, bob: str) -> str:
        """All who work for a client get new tokens, and the old ones end at once.

        :returns: the new token of Ada.
        """
        said = await self.command("token", "rotate", "--workspace", BLUE, "--json")
        new = {each["name"]: each["token"] for each in json.loads(said)["tokens"]}
        self.assertEqual(set(new), {"Ada", "Weekly"})
        with self.assertRaises(AssertionError) as caught:
            await self.value(self.wire(ada), "list_lead_lists", workspace=BLUE)
        self.assertIn("it was revoked", str(caught.exception))
        found = await self.value(
            await self.official(new["Ada"]), "list_lead_lists", workspace=BLUE
        )
        self.assertIn("From Ada", str(found))
        found = await self.value(self.wire(bob), "list_lead_lists")
        self.assertEqual(found["workspace"], GREEN)
        return str(new["Ada"])

    async def state_survives(self, daemon: Daemon, token: str) -> None:
        """Workspaces and tokens are there after the daemon was killed."""
        await daemon.kill()
        await daemon.start()
        wire = self.wire(token)
        found = await self.value(wire, "list_lead_lists", workspace=BLUE)
        self.assertEqual(found["workspace"], BLUE)
        self.assertIn("From Ada", str(found))

    async def ada_leaves(self, token: str) -> None:
        """A workspace is removed when no token needs it; a revoked token is refused."""
        said = await self.command("workspace", "remove", BLUE, status=1)
        self.assertIn("Ada", said)
        await self.command("token", "revoke", "Ada")
        await self.command("token", "revoke", "Weekly")
        await self.command("workspace", "remove", BLUE)
        listed = json.loads(await self.command("workspace", "list", "--json"))
        self.assertEqual(len(listed["workspaces"]), 20)
        with self.assertRaises(AssertionError) as caught:
            await self.value(self.wire(token), "list_lead_lists", workspace=GREEN)
        self.assertIn("status=401", str(caught.exception))
        self.assertIn("it was revoked", str(caught.exception))
