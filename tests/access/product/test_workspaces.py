"""Workspaces of one agency are apart: nothing of one is in an answer for another.

Two workspaces under one admin key and one token, the whole daemon, every tool that
reads, every resource, prompt and completion. Ids differ by workspace, and the names of
campaigns and lists begin with the client's name, so that a leak is visible. Every call
is made for both workspaces in turn, twice, so that what is kept from one call would
show in the next.
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject, dumps
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.sandbox.agency import ADMIN_KEY
from instantly_mcp.sandbox.faults import Fault, FaultKind
from tests.support.messages import call, request

from .agency_daemon import ID, AgencyDaemon, received
from .ways import WAYS, Caller, Session, error_of, modern_call, outcome, send_modern

BLUE, GREEN, TEAL = "client-blue", "client-green", "client-teal"
BOTH = (BLUE, GREEN)
RESOURCES = (
    "workspace",
    "campaigns/{campaign}",
    "campaigns/{campaign}/preflight",
    "campaigns/{campaign}/analytics?from=2026-01-01",
    "leads/{lead}",
    "lists/{list}/scorecard",
    "accounts/{account}",
    "threads/{thread}",
)
PROMPTS: dict[str, JsonObject] = {
    "launch_preflight": {"campaign": "{name}"},
    "morning_inbox": {"limit": "5"},
    "why_not_sending": {"campaign": "{name}"},
    "weekly_report": {"campaigns": "{name}"},
    "list_hygiene": {"list": "{list}"},
    "reply_triage": {"thread": "{thread}"},
    "client_report": {},
}


class WorkspacesTestCase(SynchronousTestCase):
    """A daemon of an agency, and what must not be in an answer."""

    def setUp(self) -> None:
        """Start the daemon; remember the ids of both workspaces."""
        self.daemon = AgencyDaemon()
        self.addCleanup(self.daemon.stop)
        self.ids = {alias: self.daemon.ids_in(alias) for alias in BOTH}
        self.assertFalse(self.ids[BLUE] & self.ids[GREEN])

    def check(self, alias: str, answer: object, asked: Iterable[str] = ()) -> None:
        """Check that an answer has nothing of the other workspace.

        :param asked: ids that the request had; an error may repeat them.
        """
        text = dumps(answer).decode()
        other = GREEN if alias == BLUE else BLUE
        leaked = (set(ID.findall(text)) & self.ids[other]) - set(asked)
        self.assertEqual(leaked, set(), text[:600])
        if not asked:
            name = self.daemon.clients[other].name
            self.assertNotIn(f"{name}: ", text)
            self.assertNotIn(f'"{other}"', text)

    def facts(self, alias: str) -> dict[str, str]:
        """Return objects of a workspace, for the texts of requests."""
        world = self.daemon.world_of(alias)
        campaign = next(iter(world.campaigns))
        return {
            "campaign": campaign,
            "name": world.campaigns[campaign].shown["name"],
            "list": next(iter(world.lists)),
            "lead": next(iter(world.leads)),
            "account": next(iter(world.accounts)),
            "thread": str(received(world)["thread_id"]),
        }


class ToolTests(WorkspacesTestCase):
    def test_every_tool_that_reads(self) -> None:
        """The list of calls has every tool that only reads, but for jobs and facts."""
        reading = {
            each.name
            for each in DECLARATIONS
            if each.hints.read_only and not each.across
        }
        called = {name for name, _ in self.daemon.reads(BLUE)}
        self.assertEqual(
            reading - called, {"get_server_info", "get_background_job"} - called
        )

    def test_one_token_for_both(self) -> None:
        """Each call has the workspace that it names, and nothing of the other."""
        caller = self.daemon.caller(*BOTH)
        for _ in range(2):
            for one, other in zip(
                self.daemon.reads(BLUE), self.daemon.reads(GREEN), strict=True
            ):
                for alias, (tool, arguments) in ((BLUE, one), (GREEN, other)):
                    named = {**arguments, "workspace": alias}
                    result = modern_call(caller, tool, named)
                    self.assertEqual(error_of(result), {}, (alias, tool))
                    self.assertEqual(result["structuredContent"]["workspace"], alias)
                    self.check(alias, result)

    def test_at_the_same_time(self) -> None:
        """Calls that wait at the same time do not get each other's answers."""
        for alias in BOTH:
            slow = Fault(kind=FaultKind.SLOW, times=0, seconds=2.0)
            self.daemon.sandbox.add_fault(slow, self.daemon.clients[alias].key)
        caller = self.daemon.caller(*BOTH)
        waiting = [
            (
                alias,
                tool,
                self.daemon.connect().send(
                    "POST",
                    "/mcp",
                    caller.given_headers(),
                    call(tool, {**arguments, "workspace": alias}),
                ),
            )
            for pair in zip(
                self.daemon.reads(BLUE), self.daemon.reads(GREEN), strict=True
            )
            for alias, (tool, arguments) in zip(BOTH, pair, strict=True)
        ]
        for alias, tool, answer in waiting:
            result = outcome(answer.wait().reply())
            self.assertEqual(error_of(result), {}, (alias, tool))
            self.check(alias, result)
            answer.wire.hang_up()

    def test_objects_of_the_other(self) -> None:
        """An object of the other workspace does not exist, also right after its use."""
        caller = self.daemon.caller(*BOTH)
        for tool, arguments in self.daemon.reads(GREEN):
            theirs = {str(value) for value in arguments.values()} & self.ids[GREEN]
            named = str(arguments.get("campaign_id", "")).startswith("Green: ")
            if not theirs and not named:
                continue
            found = modern_call(caller, tool, {**arguments, "workspace": GREEN})
            self.assertEqual(error_of(found), {}, tool)
            result = modern_call(caller, tool, {**arguments, "workspace": BLUE})
            self.check(BLUE, result, asked=[*theirs, "Green"])

    def test_fixed_in_every_way(self) -> None:
        """A workspace fixed by token or by path holds in every transport and era."""
        fixed = (
            self.daemon.caller(BLUE, name="one"),
            self.daemon.caller(*BOTH, path=f"/w/{BLUE}", name="path"),
            self.daemon.caller(*BOTH, name="header").with_(
                headers={"X-MCP-Workspace": BLUE}
            ),
            self.daemon.caller(*BOTH, name="query").with_(query={"workspace": BLUE}),
        )
        for caller in fixed:
            for name, way in WAYS.items():
                if name == "key as session" and caller is not fixed[0]:
                    continue  # It names the workspace nowhere.
                result = way(caller, "list_campaigns", {})
                self.check(BLUE, result)
                self.assertIn("Blue: ", str(result), name)
                escape = way(caller, "list_campaigns", {"workspace": GREEN})
                self.check(BLUE, escape, asked=["Green"])
                self.assertEqual(error_of(escape)["code"], "bad_argument", name)

    def test_chosen_in_every_way(self) -> None:
        """The argument works in every transport and era."""
        caller = self.daemon.caller(*BOTH)
        for name, way in WAYS.items():
            for alias in BOTH:
                result = way(caller, "list_campaigns", {"workspace": alias})
                self.check(alias, result)
                self.assertIn(self.daemon.clients[alias].name, str(result), name)


class RequestTests(WorkspacesTestCase):
    """What a request says of workspaces, in path, header and query."""

    def status(self, caller: Caller, **headers: str) -> tuple[int, str]:
        """Return status and message of the answer to a call."""
        answer = caller.post(call("list_campaigns", {}), **headers)
        return answer.status, str(answer.reply().get("error", {}).get("message", ""))

    def test_conflicts(self) -> None:
        """A workspace that is not the token's is 403, whether it exists or not."""
        answers = set()
        for alias in (GREEN, TEAL, "agency", "no-such"):
            for caller in (
                self.daemon.caller(BLUE, path=f"/w/{alias}"),
                self.daemon.caller(BLUE).with_(query={"workspace": alias}),
                self.daemon.caller(BLUE).with_(headers={"X-MCP-Workspace": alias}),
            ):
                answers.add(self.status(caller))
        ((status, message),) = answers
        self.assertEqual(status, 403)
        self.assertIn("This connection is for client-blue", message)
        self.assertEqual(self.daemon.writes(ADMIN_KEY), [])

    def test_two_statements(self) -> None:
        """Two different workspaces in one request are refused, also if both are own."""
        caller = self.daemon.caller(*BOTH, path=f"/w/{BLUE}")
        status, _ = self.status(caller.with_(query={"workspace": GREEN}))
        self.assertEqual(status, 400)
        status, _ = self.status(caller.with_(query={"workspace": BLUE}))
        self.assertEqual(status, 200)

    def test_header_of_instantly(self) -> None:
        """x-as-workspace beside a token is refused, whatever it names."""
        for alias in BOTH:
            named = {"x-as-workspace": self.daemon.clients[alias].id}
            for caller in (self.daemon.caller(BLUE), self.daemon.caller(*BOTH)):
                status, _ = self.status(caller, **named)
                self.assertIn(status, {400, 403})

    def test_session_keeps_its_workspace(self) -> None:
        """A session that was opened in one workspace is not used in another."""
        caller = self.daemon.caller(*BOTH, path=f"/w/{BLUE}")
        session = Session.open(caller)
        elsewhere = Session(
            caller.with_(path=f"/w/{GREEN}"), session.version, session.id
        )
        answer = elsewhere.post(call("list_campaigns", {}))
        self.assertEqual(answer.status, 404)

    def test_removed_key_costs_one_workspace(self) -> None:
        """A key that Instantly refuses costs its own workspace only."""
        self.daemon.sandbox.workspace(self.daemon.clients[GREEN].key)
        caller = self.daemon.caller(*BOTH)
        self.daemon.files.keys["/keys/agency"] = "sandbox-revoked-agency"
        self.daemon.books.workspaces.reload()
        for alias in BOTH:
            result = modern_call(caller, "list_campaigns", {"workspace": alias})
            error = error_of(result)
            self.assertEqual(error["workspace"], alias)
            self.assertNotIn("sandbox-revoked", str(result))


class ResourceTests(WorkspacesTestCase):
    def ask(self, caller: Caller, method: str, params: JsonObject) -> JsonObject:
        """Return the result of a request in the modern era, or its error."""
        return outcome(send_modern(caller, request(method, params)))

    def test_resources(self) -> None:
        """Each resource shows its own workspace, and nothing of the other."""
        token = self.daemon.token(*BOTH)
        for _ in range(2):
            for path in RESOURCES:
                for alias in BOTH:
                    caller = Caller(daemon=self.daemon, key=token, path=f"/w/{alias}")
                    uri = f"instantly://{path.format(**self.facts(alias))}"
                    read = self.ask(caller, "resources/read", {"uri": uri})
                    self.assertIn(
                        f'\\"workspace\\":\\"{alias}\\"', dumps(read).decode()
                    )
                    self.check(alias, read)

    def test_resources_of_the_other(self) -> None:
        """A resource of the other workspace does not exist."""
        caller = self.daemon.caller(*BOTH, path=f"/w/{BLUE}")
        theirs = self.facts(GREEN)
        for path in RESOURCES[1:]:
            if "{account}" in path:
                continue  # Both have accounts of the same address.
            uri = f"instantly://{path.format(**theirs)}"
            read = self.ask(caller, "resources/read", {"uri": uri})
            self.assertIn("error", read, path)
            self.check(BLUE, read, asked=theirs.values())

    def test_prompts(self) -> None:
        """Each prompt shows the workspace that it was asked for, and no other."""
        caller = self.daemon.caller(*BOTH)
        listed = self.ask(caller, "prompts/list", {})["prompts"]
        self.assertEqual({each["name"] for each in listed}, set(PROMPTS))
        for _ in range(2):
            for name, arguments in PROMPTS.items():
                for alias in BOTH:
                    facts = self.facts(alias)
                    given = {k: v.format(**facts) for k, v in arguments.items()}
                    got = self.ask(
                        caller,
                        "prompts/get",
                        {"name": name, "arguments": {**given, "workspace": alias}},
                    )
                    self.assertIn(f"Workspace: {alias}", str(got), name)
                    self.check(alias, got)

    def test_completions(self) -> None:
        """Completions have objects of the workspace that is known."""
        caller = self.daemon.caller(*BOTH)
        for _ in range(2):
            for alias in BOTH:
                found = self.ask(
                    caller,
                    "completion/complete",
                    {
                        "ref": {"type": "ref/prompt", "name": "launch_preflight"},
                        "argument": {"name": "campaign", "value": ""},
                        "context": {"arguments": {"workspace": alias}},
                    },
                )
                self.assertTrue(found["completion"]["values"])
                self.check(alias, found)
