"""The work that every client is given, and the checks that it was done."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen, mutable
from twisted.internet import reactor
from twisted.internet.task import deferLater

from tests.support.upstream import Scripted, ScriptedUpstream

from .clients import ThirdPartyClient
from .environments import command
from .processes import CommandedDriver, Daemon, DriverFailed, start_driver, within

STAGES = (
    "tools",
    "create",
    "bulk",
    "result",
    "loose call",
    "bad call",
    "bad id",
    "cancel",
    "restart",
)

HEADERS = {"x-instantly-api-key": "sandbox-clients-all"}
NO_JOB = "00000000-0000-7000-8000-000000000000"
CANCEL_SECONDS = 5
START_SECONDS = 30

RECONNECT_SECONDS = 5
"""After this time, a client that can connect again by itself has done so."""
SENDER = "tom@hale.example.com"
"""An account of each workspace of the sandbox."""

EMPTY = b'{"items": []}'

STEPS = [
    {"subject": "Hello {{firstName}}", "body": "First\n\nwith \U0001f600 and \u2028"},
    {"body": "Second", "wait": 2, "variants": [{"subject": "B", "body": "Other"}]},
    {"body": "Third", "wait": 4},
]
NESTED = ("wait", "variants")
"""Members of the steps of ``create_campaign``."""

LEADS = [
    {"email": f"lead{number}@example.com", "first_name": f"Zo\u00eb {number}"}
    for number in range(60)
]


@frozen
class Outcome:
    """The outcome of a stage.

    :param said: what the table says.
    :param note: more, for those who run the suite.
    """

    ok: bool
    said: str
    note: str = ""


@mutable
class Row:
    """The outcomes of one client over one transport.

    :param revision: the revision of MCP that was negotiated, if the client tells.
    """

    client: ThirdPartyClient
    path: str
    revision: str | None = None
    outcomes: dict[str, Outcome] = field(factory=dict)

    @property
    def failures(self) -> Sequence[str]:
        """What did not work, one line each."""
        where = f"{self.client.title} {self.path}"
        return [
            f"{where}: {stage}: {outcome.note}"
            for stage, outcome in self.outcomes.items()
            if not outcome.ok
        ]


class StageFailed(Exception):
    """What a client did is wrong."""


def expect(true: object, otherwise: str) -> None:
    """Check something.

    :raises StageFailed: with the text.
    """
    if not true:
        raise StageFailed(otherwise)


def failure(error: Exception) -> Outcome:
    """Return the outcome of a stage that failed."""
    return Outcome(False, "fails", f"{error}")


class Performance:
    """One client over one transport, with two daemons."""

    def __init__(
        self, client: ThirdPartyClient, path: str, folder: Path, clock: Any = reactor
    ) -> None:
        self._client, self._folder, self._clock = client, folder, clock
        self.row = Row(client, path)
        self._drivers: list[CommandedDriver] = []
        self._campaign_id = ""

    async def run(self) -> Row:
        """Go through all stages."""
        try:
            await self._with_sandbox()
            await self._with_hanging_upstream()
        finally:
            for driver in self._drivers:
                if (killed := driver.kill()) is not None:
                    await killed
        return self.row

    async def _with_sandbox(self) -> None:
        daemon = Daemon(self._subfolder("sandbox"), "--sandbox")
        await daemon.start()
        try:
            driver = await self._connected(daemon)
            if driver is None:
                return
            await self._stage("tools", lambda: self._tools(driver, daemon))
            await self._stage("create", lambda: self._create(driver, daemon))
            await self._stage("bulk", lambda: self._bulk(driver, daemon))
            await self._stage("result", lambda: self._result(driver, daemon))
            await self._stage("loose call", lambda: self._loose_call(driver))
            await self._stage("bad call", lambda: self._bad_call(driver))
            await self._stage("bad id", lambda: self._bad_id(driver))
            await self._stage("restart", lambda: self._restart(driver, daemon))
        finally:
            await daemon.end()

    async def _with_hanging_upstream(self) -> None:
        upstream = ScriptedUpstream()
        upstream.listen(reactor)
        daemon = Daemon(self._subfolder("hanging"), "--upstream", upstream.url)
        await daemon.start()
        try:
            driver = await self._connected(daemon)
            if driver is not None:
                await self._stage("cancel", lambda: self._cancel(driver, upstream))
        finally:
            await daemon.end()
            await upstream.close()

    def _subfolder(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder

    async def _connected(self, daemon: Daemon) -> CommandedDriver | None:
        home = Path(tempfile.mkdtemp(dir=self._folder))
        driver = start_driver(command(self._client), self._client.folder, home)
        self._drivers.append(driver)
        try:
            self.row.revision = await self._connect(driver, daemon)
        except (DriverFailed, StageFailed) as error:
            for stage in STAGES:
                self.row.outcomes.setdefault(stage, failure(error))
            return None
        return driver

    async def _connect(self, driver: CommandedDriver, daemon: Daemon) -> str | None:
        url = daemon.url.removesuffix("/mcp") + self.row.path
        step = await driver.do("connect", url=url, headers=HEADERS)
        version: str | None = step["version"]
        return version

    async def _stage(self, name: str, work: Callable[[], Awaitable[str]]) -> None:
        try:
            said, _, note = (await work()).partition(": ")
            outcome = Outcome(True, said, note)
        except (DriverFailed, StageFailed) as error:
            outcome = failure(error)
        self.row.outcomes[name] = outcome

    async def _tools(self, driver: CommandedDriver, daemon: Daemon) -> str:
        listed = await daemon.ask("tools/list", {}, HEADERS)
        names = {tool["name"] for tool in listed["tools"]}
        given = (await driver.do("tools"))["tools"]
        expect(set(given) == names, f"the client has {len(given)} of {len(names)}")
        shown = json.dumps(given["create_campaign"])
        lost = [name for name in NESTED if f'"{name}"' not in shown]
        if lost:
            return f"{len(given)}, members lost: of steps {', '.join(lost)}"
        return str(len(given))

    async def _create(self, driver: CommandedDriver, daemon: Daemon) -> str:
        arguments = {
            "name": "From a client",
            "steps": STEPS,
            "days": ["monday", "thursday"],
            "email_list": [SENDER],
        }
        step = await self._call(driver, "create_campaign", arguments)
        expect(not step["error"], f"the call failed: {step['text']}")
        self._campaign_id = await self._only_campaign(daemon, "From a client")
        campaign = await daemon.call(
            "get_campaign", HEADERS, campaign_id=self._campaign_id
        )
        text = json.dumps(campaign)
        for each in ("Second", "Other", "Third", r"\ud83d\ude00"):
            expect(each in text, f"the campaign does not contain {each}")
        return "ok"

    async def _only_campaign(self, daemon: Daemon, name: str) -> str:
        found = await daemon.call("list_campaigns", HEADERS, search=name)
        expect(
            len(found["items"]) == 1, f"{len(found['items'])} campaigns were created"
        )
        return str(found["items"][0]["id"])

    async def _bulk(self, driver: CommandedDriver, daemon: Daemon) -> str:
        expect(self._campaign_id, "there is no campaign to add them to")
        arguments = {"campaign_id": self._campaign_id, "leads": LEADS}
        name = "add_leads_to_campaign_or_list_bulk"
        step = await self._call(driver, name, arguments)
        expect(not step["error"], f"the call failed: {step['text']}")
        found = await daemon.call(
            "list_leads", HEADERS, campaign=self._campaign_id, limit=100
        )
        names = {lead["first_name"] for lead in found["items"]}
        expect(
            names == {lead["first_name"] for lead in LEADS},
            f"{len(names)} of {len(LEADS)} leads were added",
        )
        return "ok"

    async def _result(self, driver: CommandedDriver, daemon: Daemon) -> str:
        arguments = {"limit": 100}
        found = (await daemon.call("list_leads", HEADERS, **arguments))["items"]
        text = (await self._call(driver, "list_leads", arguments))["text"]
        expect(found[0]["id"] in text, f"the leads are not shown: {text}")
        forms = text.count(found[0]["id"])
        # Only structured content names the members that others wrote.
        one = "structured" if "items[].first_name" in text else "text"
        said = "both" if forms > 1 else one
        return said if found[-1]["id"] in text else f"{said}, cut"

    async def _loose_call(self, driver: CommandedDriver) -> str:
        arguments = {"limit": "5", "search": None, "toolCallId": "1"}
        step = await self._call(driver, "list_campaigns", arguments)
        expect("bad_argument" not in step["text"], f"it is refused: {step['text']}")
        return "client refuses" if step["error"] else "ok"

    async def _bad_call(self, driver: CommandedDriver) -> str:
        arguments = {"name": "Bad", "steps": [{"subject": "no body"}]}
        step = await self._call(driver, "create_campaign", arguments)
        expect(step["error"], f"the error is not an error for it: {step['text']}")
        expect("body" in step["text"], f"it does not show why: {step['text']}")
        return self._shown(step)

    async def _bad_id(self, driver: CommandedDriver) -> str:
        step = await self._call(driver, "get_background_job", {"job_id": NO_JOB})
        expect(step["error"], f"the error is not an error for it: {step['text']}")
        expect("not_found" in step["text"], f"it does not show why: {step['text']}")
        return self._shown(step)

    def _shown(self, step: dict[str, Any]) -> str:
        return f"raises {step['raised']}" if step["raised"] else "result"

    async def _cancel(self, driver: CommandedDriver, upstream: ScriptedUpstream) -> str:
        upstream.script.extend([Scripted(held=True, body=EMPTY), Scripted(body=EMPTY)])
        await driver.do("start", name="list_campaigns", arguments={})
        arrived = await within(upstream.arrived.reach(1), START_SECONDS)
        expect(arrived, "the call does not arrive")
        step = await driver.do("cancel")
        stopped = await within(upstream.dropped.reach(1), CANCEL_SECONDS)
        if not stopped:
            upstream.release()
        expect(step["ended"], "the client goes on waiting")
        await self._still_works(driver)
        return "stops the call" if stopped else "the call goes on"

    async def _restart(self, driver: CommandedDriver, daemon: Daemon) -> str:
        await daemon.kill()
        await daemon.start()
        if (failed := await self._broken(driver)) is None:
            return "same client"
        await deferLater(self._clock, RECONNECT_SECONDS)
        if await self._broken(driver) is None:
            return f"same client, later: {failed}"
        await driver.do("close")
        await self._connect(driver, daemon)
        await self._still_works(driver)
        return f"new client: {failed}"

    async def _broken(self, driver: CommandedDriver) -> Exception | None:
        try:
            await self._still_works(driver)
        except (DriverFailed, StageFailed) as error:
            return error
        return None

    async def _still_works(self, driver: CommandedDriver) -> None:
        expect((await driver.do("tools"))["tools"], "the client has no tools")
        step = await self._call(driver, "list_campaigns", {"limit": 1})
        expect(not step["error"], f"the call failed: {step['text']}")

    async def _call(
        self, driver: CommandedDriver, name: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        return await driver.do("call", name=name, arguments=arguments)


async def perform(client: ThirdPartyClient, path: str) -> Row:
    """Let a client go through all stages over one transport."""
    with tempfile.TemporaryDirectory(prefix="clients-all-") as folder:
        return await Performance(client, path, Path(folder)).run()
