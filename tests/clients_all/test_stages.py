"""The stages notice a client that does something else than it says."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred

from .clients import CLIENTS
from .processes import DriverFailed
from .stages import (
    LEADS,
    NESTED,
    NO_JOB,
    RECONNECT_SECONDS,
    STEPS,
    Outcome,
    Performance,
)

FINE = {"text": "{}", "error": False, "raised": None}
REFUSED = {"text": '{"code":"not_found"} body', "error": True, "raised": "ToolError"}


class ImaginedDriver:
    """Answers each command with what the test says, and keeps the commands."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.commands: list[dict[str, Any]] = []

    async def do(self, what: str, **facts: Any) -> Any:
        """Answer a command; an answer may be an exception, or a list of answers."""
        self.commands.append({"do": what, **facts})
        answer = self.answers[what]
        answer = answer.pop(0) if isinstance(answer, list) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer


class ImaginedDaemon:
    """Answers each tool with what the test says."""

    url = "http://127.0.0.1:1/mcp"

    def __init__(self, **results: Any) -> None:
        self.results = results
        self.restarts = 0

    async def call(self, name: str, headers: object, **arguments: Any) -> Any:
        """Return the content of a tool's result."""
        return self.results[name]

    async def ask(self, method: str, params: object, headers: object) -> Any:
        """Return the result of a request."""
        return self.results[method]

    async def kill(self) -> None:
        """Do nothing."""

    async def start(self) -> None:
        """Count the restarts."""
        self.restarts += 1


class StageCase(SynchronousTestCase):
    """One stage with imagined processes."""

    def setUp(self) -> None:
        """Have a performance whose processes are not started."""
        self.clock = Clock()
        self.performance: Any = Performance(CLIENTS[0], "/mcp", Path(), self.clock)

    def outcome(self, stage: str, *processes: object) -> Outcome:
        """Run a stage, as `Performance` does."""
        method = getattr(self.performance, f"_{stage}")

        def work() -> Awaitable[str]:
            made: Awaitable[str] = method(*processes)
            return made

        run: Callable[..., Any] = deferred(self.performance._stage)
        running = run(stage, work)
        self.clock.advance(RECONNECT_SECONDS)
        self.successResultOf(running)
        outcome: Outcome = self.performance.row.outcomes[stage]
        return outcome


class WorkTests(StageCase):
    """What was done is looked up at the daemon."""

    listed = {"items": [{"id": "c1"}]}

    def campaign(self, *left_out: str) -> dict[str, Any]:
        """Return the campaign that a client should create, less some texts."""
        text = json.dumps(STEPS)
        for each in left_out:
            text = text.replace(each, "")
        return {"sequences": [{"steps": json.loads(text)}]}

    def test_created(self) -> None:
        """A campaign with all steps is a success."""
        daemon = ImaginedDaemon(
            list_campaigns=self.listed, get_campaign=self.campaign()
        )
        driver = ImaginedDriver(call=FINE)
        self.assertEqual(self.outcome("create", driver, daemon), Outcome(True, "ok"))
        self.assertEqual(driver.commands[0]["arguments"]["steps"], STEPS)

    def test_not_created(self) -> None:
        """A client that only says so fails."""
        daemon = ImaginedDaemon(list_campaigns={"items": []})
        outcome = self.outcome("create", ImaginedDriver(call=FINE), daemon)
        self.assertFalse(outcome.ok)
        self.assertIn("0 campaigns were created", outcome.note)

    def test_parts_of_the_campaign(self) -> None:
        """A client that loses a step, a variant or a character fails."""
        for lost in ("Second", "Other", "Third"):
            daemon = ImaginedDaemon(
                list_campaigns=self.listed, get_campaign=self.campaign(lost)
            )
            outcome = self.outcome("create", ImaginedDriver(call=FINE), daemon)
            self.assertFalse(outcome.ok, lost)
            self.assertIn(lost, outcome.note)

    def test_leads(self) -> None:
        """All leads must be there, with their names."""
        self.performance._campaign_id = "c1"
        for given, ok in ((LEADS, True), (LEADS[1:], False)):
            daemon = ImaginedDaemon(list_leads={"items": given})
            outcome = self.outcome("bulk", ImaginedDriver(call=FINE), daemon)
            self.assertEqual(outcome.ok, ok)

    def test_leads_without_campaign(self) -> None:
        """Without a campaign there is nothing to add them to."""
        outcome = self.outcome("bulk", ImaginedDriver(), ImaginedDaemon())
        self.assertFalse(outcome.ok)

    def test_tools(self) -> None:
        """A client that hides a tool fails; one that hides members is noted."""
        listed = {"tools": [{"name": "create_campaign"}, {"name": "list_leads"}]}
        daemon = ImaginedDaemon(**{"tools/list": listed})
        whole: dict[str, Any] = {name: {} for name in NESTED}
        for schema, said in (({"properties": whole}, "2"), ({}, "2, members lost")):
            tools = {"create_campaign": schema, "list_leads": {}}
            driver = ImaginedDriver(tools={"tools": tools})
            self.assertEqual(self.outcome("tools", driver, daemon).said, said)
        driver = ImaginedDriver(tools={"tools": {"create_campaign": {}}})
        self.assertIn("1 of 2", self.outcome("tools", driver, daemon).note)


class ShownTests(StageCase):
    """What the model reads."""

    def test_forms(self) -> None:
        """The form of a result is recognized, and whether it was cut."""
        items = [{"id": "id-1"}, {"id": "id-2"}]
        daemon = ImaginedDaemon(list_leads={"items": items})
        for text, said in (
            ("id-1 id-2", "text"),
            ('["items[].first_name"] id-1 id-2', "structured"),
            ("id-1 id-2 id-1 id-2", "both"),
            ("id-1 …", "text, cut"),
        ):
            driver = ImaginedDriver(call={**FINE, "text": text})
            self.assertEqual(self.outcome("result", driver, daemon).said, said)
        self.assertFalse(self.outcome("result", ImaginedDriver(call=FINE), daemon).ok)

    def test_loose_call(self) -> None:
        """A refusal by the server is a failure, one by the client is noted."""
        refused = {**REFUSED, "text": '{"code":"bad_argument"}'}
        for answer, ok, said in (
            (FINE, True, "ok"),
            (REFUSED, True, "client refuses"),
            (refused, False, "fails"),
        ):
            outcome = self.outcome("loose_call", ImaginedDriver(call=answer))
            self.assertEqual((outcome.ok, outcome.said), (ok, said))

    def test_errors(self) -> None:
        """An error must be an error for the model, and say why."""
        for stage in ("bad_call", "bad_id"):
            driver = ImaginedDriver(call=REFUSED)
            self.assertEqual(self.outcome(stage, driver).said, "raises ToolError")
            result = {**REFUSED, "raised": None}
            self.assertEqual(
                self.outcome(stage, ImaginedDriver(call=result)).said, "result"
            )
            for wrong in ({**REFUSED, "error": False}, {**REFUSED, "text": "Error"}):
                self.assertFalse(self.outcome(stage, ImaginedDriver(call=wrong)).ok)
        self.assertEqual(driver.commands[0]["arguments"], {"job_id": NO_JOB})


class RestartTests(StageCase):
    """After a restart, the client goes on, or a new one works."""

    works = {"tools": {"tools": {"list_campaigns": {}}}, "call": FINE}

    def test_same_client(self) -> None:
        """The client goes on."""
        daemon = ImaginedDaemon()
        outcome = self.outcome("restart", ImaginedDriver(**self.works), daemon)
        self.assertEqual((outcome.said, daemon.restarts), ("same client", 1))

    def test_recovery(self) -> None:
        """The client fails once or twice; the reason is noted."""
        closed = DriverFailed("Connection closed")
        for failures, said in ((1, "same client, later"), (2, "new client")):
            driver = ImaginedDriver(**self.works, close={}, connect={"version": "1"})
            driver.answers["call"] = [closed] * failures + [FINE]
            outcome = self.outcome("restart", driver, ImaginedDaemon())
            self.assertEqual(outcome, Outcome(True, said, "Connection closed"))
            commands = [each["do"] for each in driver.commands]
            self.assertEqual("connect" in commands, said == "new client")

    def test_no_client(self) -> None:
        """A new client that does not work either is a failure."""
        broken = {**self.works, "call": DriverFailed("no route")}
        driver = ImaginedDriver(**broken, close={}, connect={"version": "1"})
        self.assertFalse(self.outcome("restart", driver, ImaginedDaemon()).ok)
