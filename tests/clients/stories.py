"""Plans for a real client with a real server, and the checks of its steps."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from twisted.internet import reactor

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import Json, JsonObject
from tests.daemon.processes import MODULE, ProcessTestCase, Running
from tests.support.programs import requires
from tests.support.tool_counts import DEFAULT_TOOLS
from tests.support.upstream import Scripted, ScriptedUpstream

from .driving import Driver, Step
from .programs import BIN, NPM, ROOT, Program

FIXTURE = (sys.executable, "-m", "tests.conformance", "--port", "0", "--ready-file")
MANY = 1500
"""A number of leads that needs more than one chunk, so that progress is sent."""

NO_JOB = "00000000-0000-7000-8000-000000000000"


class ClientTestCase(ProcessTestCase):
    """A test with a real client and a real server, each a process."""

    program: Program

    def drive(self, url: str, plan: Mapping[str, Json], key: str) -> Driver:
        """Start the client's driver with a plan."""
        driver = Driver()
        headers = {"Authorization": f"Bearer {key}"}
        whole = {"url": url, "headers": headers, **self.program.plan, **plan}
        whole |= self.started(url, key)
        environ = {
            "PATH": f"{BIN}:{os.environ.get('PATH', '')}",
            "HOME": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [*self.program.command, json.dumps(whole)]
        where = str(NPM if NPM.is_dir() else ROOT)
        reactor.spawnProcess(driver, command[0], command, env=environ, path=where)
        self.addCleanup(driver.kill)
        return driver

    def started(self, url: str, key: str) -> Mapping[str, Json]:
        """Return what a plan says of a program that the client starts on stdio."""
        return {}

    async def daemon(self, *options: str) -> tuple[Running, str]:
        """Start the daemon; return its URL for this client."""
        running = self.spawn([*MODULE, *options])
        (url,) = (await running.ready())["urls"]
        return running, self._for_client(url)

    async def fixture(self) -> tuple[Running, str]:
        """Start the everything-server; return its URL for this client."""
        file = self.folder / "fixture.json"
        running = self.spawn([*FIXTURE, str(file)])
        running.ready_file = file
        return running, self._for_client((await running.ready())["url"])

    def _for_client(self, url: str) -> str:
        if self.program.plan.get("sse"):
            return url.removesuffix("/mcp") + "/sse"
        return url

    async def end(self, driver: Driver, running: Running) -> dict[str, Step]:
        """Wait until client and server end without error; return the client's steps."""
        self.assertEqual(await driver.ended, 0, driver.output)
        running.send(signal.SIGTERM)
        self.assertIn(await running.ended, (0, -signal.SIGTERM), running.output)
        self.assertNotIn(b"Traceback", running.output)
        steps = {step["step"]: step for step in driver.steps}
        self.assertEqual(steps["connected"]["version"], self.program.version)
        self.assertEqual(steps["still"]["tools"], steps["listed"]["tools"])
        self.assertFalse(steps["cancelled"]["finished"])
        self.assertIn("disconnected", steps)
        return steps


class Stories(ClientTestCase):
    """The tests that every client runs."""

    def __init_subclass__(cls) -> None:
        """Mark tests that need another program for ``make test-all``."""
        super().__init_subclass__()
        if cls.program.needed:
            requires(*cls.program.needed)(cls)

    cancels = True
    """Whether the client notifies the server when it cancels a call."""

    shows_progress = True
    """Whether the client reports progress to its user."""

    receives_last_progress = True
    """Whether the client reports progress that arrives together with the result."""

    answers_forms = True
    """Whether the client supports elicitation."""

    deletes_session = False
    """Whether the client ends its session when it disconnects."""

    @deferred
    async def test_sandbox(self):
        """The client lists and calls tools of the daemon, and receives progress.

        It shows why a tool failed; some clients validate errors against the tool's
        output schema, too.
        """
        options = ("--sandbox", "--policy-spends=allow")
        running, url = await self.daemon(*options)
        key = "sandbox-clients"
        leads = [{"email": f"lead{number}@example.com"} for number in range(MANY)]
        arguments = {"leads": leads, "list_id": await self._list_id(running, key)}
        plan: JsonObject = {
            "call": {"name": "list_campaigns", "arguments": {"limit": 1}},
            "fail": {"name": "get_background_job", "arguments": {"job_id": NO_JOB}},
            "bad": {"name": "list_campaigns", "arguments": {"limit": 1000}},
            "progress": {
                "name": "add_leads_to_campaign_or_list_bulk",
                "arguments": arguments,
            },
            "slow": {
                "name": "verify_email",
                "arguments": {"email": "lead1@example.com"},
            },
        }
        driver = self.drive(url, plan, key)
        await driver.step("heard" if self.shows_progress else "calling")
        driver.cancel_call()
        steps = await self.end(driver, running)
        self.assertEqual(steps["connected"]["server"], "instantly-mcp")
        self.assertEqual(len(steps["listed"]["tools"]), DEFAULT_TOOLS)
        self.assertFalse(steps["call"]["error"], steps["call"])
        self.assertIn('"has_more":true', steps["call"]["text"])
        self.assertIn("get_background_job", steps["listed"]["tools"])
        self.check_error(steps["fail"], "not_found")
        self.check_error(steps["bad"], "bad_argument")
        self.assertFalse(steps["progress"]["error"], steps["progress"])
        if self.shows_progress:
            heard, sent = steps["progress"]["progress"], [1000, MANY]
            # Only the last reports may be lost; those of `test_fixture` come slowly.
            all_of_it = self.receives_last_progress
            self.assertEqual(heard, sent if all_of_it else sent[: len(heard)])
        deletions = running.output.count(b"DELETE /mcp 2")
        self.assertEqual(deletions, int(self.deletes_session), running.output)

    def check_error(self, step: Step, code: str) -> None:
        """Check that the client shows an error in its two forms."""
        self.assertTrue(step["error"], step)
        self.assertEqual(json.loads(step["text"])["code"], code)
        error = step["structured"]["error"]
        self.assertEqual(error["code"], code)
        self.assertTrue(error["message"] and error["hint"], error)

    @deferred
    async def test_cancel(self):
        """Cancelling a call closes its connection to Instantly."""
        upstream = ScriptedUpstream()
        upstream.listen(reactor)
        self.addCleanup(deferred(upstream.close))
        running, url = await self.daemon("--upstream", upstream.url)
        upstream.script.append(Scripted(held=True))
        slow = {"name": "list_campaigns", "arguments": {}}
        driver = self.drive(url, {"slow": slow}, "key-without-use")
        await driver.step("calling")
        await upstream.arrived.reach(1)
        driver.cancel_call()
        if self.cancels:
            await upstream.dropped.reach(1)
        await driver.step("still")
        if not self.cancels:
            self.assertEqual(upstream.dropped.count, 0)
            upstream.release()
        await self.end(driver, running)

    @deferred
    async def test_fixture(self):
        """The client uses features of MCP that this server's own tools do not use."""
        running, url = await self.fixture()
        name = "test_input_required_result_elicitation"
        plan: JsonObject = {
            "call": {"name": "test_simple_text", "arguments": {}},
            "progress": {"name": "test_tool_with_progress", "arguments": {}},
            "ask": {"name": name, "arguments": {}},
            "slow": {"name": "slow_compute", "arguments": {"seconds": 60}},
        }
        driver = self.drive(url, plan, "sandbox-clients")
        await driver.step("calling")
        driver.cancel_call()
        steps = await self.end(driver, running)
        text = "This is a simple text response for testing."
        self.assertEqual(steps["call"]["text"], text)
        self.assertFalse(steps["progress"]["error"], steps["progress"])
        if self.shows_progress:
            self.assertEqual(steps["progress"]["progress"], [0, 50, 100])
        if self.answers_forms:
            self.assertEqual(steps["ask"]["text"], "Hello, Ada!")

    async def _list_id(self, running: Running, key: str) -> str:
        (url,) = (await running.ready())["urls"]
        params = {"name": "list_lead_lists", "arguments": {"limit": 1}}
        headers = {"Authorization": f"Bearer {key}"}
        answer: Any = await self.call(url, "tools/call", params, headers)
        found = json.loads(answer["result"]["content"][0]["text"])
        return str(found["items"][0]["id"])
