"""Callers who choose between workspaces: what they see, and what their calls reach.

The server is the real one, on the simulated agency: what a call reached is what the
answer contains, because ids and names differ by workspace.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, maybeDeferred

from instantly_mcp._credential import Credential
from instantly_mcp._json_codec import JsonObject, dumps, loads
from instantly_mcp.access.grants import grant_to_read
from instantly_mcp.api.client import InstantlyClient
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.features.workspace.choice import BookChoice
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.methods.prompts import complete, get_prompt, list_prompts
from instantly_mcp.protocol.methods.resources import read_resource, subscribe
from instantly_mcp.protocol.methods.tools import call_tool, list_tools
from instantly_mcp.protocol.server_features import (
    RequestContext,
    ServerFeatures,
    ServerInfo,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.protocol.wire.versions import V2025_11_25
from instantly_mcp.sandbox.agency import CLIENTS
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.on_sandbox import features_on
from tests.support.cases import ClockedTestCase
from tests.support.seals import new_seal
from tests.support.workspace_books import agency_book, token_for

BLUE, GREEN, TEAL = "client-blue", "client-green", "client-teal"
METHODS: dict[str, Any] = {
    "tools/list": list_tools,
    "tools/call": call_tool,
    "prompts/list": list_prompts,
    "prompts/get": get_prompt,
    "resources/read": read_resource,
    "resources/subscribe": subscribe,
    "completion/complete": complete,
}


class ChoiceTestCase(ClockedTestCase):
    """A server on an agency with twenty workspaces."""

    def setUp(self) -> None:
        """Build it."""
        super().setUp()
        self.sandbox = Sandbox(self.clock, rate_limited=False)
        self.book = agency_book()
        choice = BookChoice(self.book)
        features = features_on(self.sandbox, self.clock, choice)
        self.context = features.context
        client = features.context.instantly
        assert isinstance(client, InstantlyClient)
        self.instantly = client
        self.server = ServerFeatures(
            info=ServerInfo(name="n", title="t", version="1"),
            tools=features.tools,
            resources=features.resources,
            prompts=features.prompts,
            skills=features.skills,
            seal=new_seal(),
            clock=self.clock,
            wall_clock=self.clock.seconds,
            workspaces=choice,
        )
        self.credential: Credential | None = self.token(BLUE, GREEN)

    def token(self, *aliases: str, asked: str | None = None) -> Credential:
        """Return the credential of a caller with a token for these workspaces."""
        return self.book.credential_for(token_for(*aliases), asked)

    def ask(self, method: str, **params: Any) -> Any:
        """Return the result of a request, as JSON."""
        return loads(dumps(self.successResultOf(self.start(method, params))))

    def start(self, method: str, params: JsonObject) -> Deferred[Any]:
        """Send a request and let it end."""
        asking = self.begin(method, params)
        for _ in range(90):
            if asking.called:
                break
            self.clock.advance(1)
        return asking

    def begin(self, method: str, params: JsonObject) -> Deferred[Any]:
        """Send a request."""
        request = Request(id=1, method=method, params=params)
        caller = Caller(revision=V2025_11_25, credential=self.credential)
        context = RequestContext(request=request, caller=caller)
        return maybeDeferred(METHODS[method], self.server, context)

    def call(self, tool: str, **arguments: Any) -> Any:
        """Return the result of a tool."""
        return self.ask("tools/call", name=tool, arguments=arguments)

    def done(self, tool: str, **arguments: Any) -> JsonObject:
        """Return what a successful call of a tool returned."""
        result = self.call(tool, **arguments)
        self.assertNotIn("isError", result, result)
        found: JsonObject = result["structuredContent"]
        return found

    def error(self, tool: str, **arguments: Any) -> JsonObject:
        """Return the error of a call of a tool."""
        result = self.call(tool, **arguments)
        self.assertTrue(result["isError"], result)
        found: JsonObject = result["structuredContent"]["error"]
        return found

    def refusal(self, method: str, **params: Any) -> ProtocolError:
        """Return the error of a request."""
        asking = self.start(method, params)
        refused: ProtocolError = self.failureResultOf(asking, ProtocolError).value
        return refused

    def schemas(self) -> dict[str, JsonObject]:
        """Return the schemas of all listed tools by name."""
        return {
            tool["name"]: tool["inputSchema"]
            for tool in self.ask("tools/list")["tools"]
        }


class ToolTests(ChoiceTestCase):
    def test_schemas_of_callers_who_choose(self) -> None:
        """Each tool that reaches a workspace requires one of the caller's."""
        schemas = self.schemas()
        del schemas["get_server_info"], schemas["report_all_workspaces"]
        for name, schema in schemas.items():
            self.assertEqual(schema["properties"]["workspace"]["enum"], [BLUE, GREEN])
            self.assertEqual(schema["required"][0], "workspace", name)

    def test_schemas_of_all_others(self) -> None:
        """With one workspace, or without a token, no tool has the argument."""
        for credential in (
            self.token(BLUE),
            self.token(BLUE, GREEN, asked=GREEN),
            None,
        ):
            self.credential = credential
            for name, schema in self.schemas().items():
                self.assertNotIn("workspace", schema["properties"], name)

    def test_lists_are_encoded_once(self) -> None:
        """Two callers with the same choice get the same encoded list."""
        one, other = self.ask("tools/list"), self.ask("tools/list")
        self.assertEqual(one, other)
        lists = self.server.workspaces_in_lists
        rights = self.token(BLUE, GREEN).rights
        listed = self.server.tools.listed()
        self.assertIs(lists.tools(listed, rights), lists.tools(listed, rights))

    def test_call(self) -> None:
        """A call reaches the workspace that it names, and the result names it."""
        for client in CLIENTS:
            if client.alias in {BLUE, GREEN}:
                found = self.done("list_campaigns", workspace=client.alias)
                self.assertEqual(found["workspace"], client.alias)
                names = {each["name"].partition(":")[0] for each in found["items"]}
                self.assertEqual(names, {client.name})

    def test_name_as_models_write_it(self) -> None:
        """Capitals and blanks around a name are accepted."""
        self.assertEqual(
            self.done("list_campaigns", workspace=" Client-BLUE ")["workspace"], BLUE
        )

    def test_none_named(self) -> None:
        """A call without a workspace does nothing, and says which ones there are."""
        error = self.error("list_campaigns")
        self.assertEqual(error["code"], "workspace_required")
        self.assertEqual(error["workspaces"], [BLUE, GREEN])

    @given(st.sampled_from([TEAL, "agency", "none", "", 7, None, [BLUE], f"{BLUE}/.."]))
    def test_others_look_alike(self, named: Any) -> None:
        """Workspaces of others and names that do not exist get the same answer."""
        if named is None:
            return
        error = self.error("list_campaigns", workspace=named)
        self.assertEqual(error, self.error("list_campaigns", workspace="no-such"))
        self.assertEqual(error["code"], "workspace_not_allowed")
        self.assertNotIn(TEAL, str(error))

    def test_fixed_callers_cannot_name_any(self) -> None:
        """With one workspace the argument is refused, and nothing is done."""
        for credential in (self.token(BLUE), self.token(BLUE, GREEN, asked=BLUE)):
            self.credential = credential
            for named in (BLUE, GREEN, TEAL):
                error = self.error("list_campaigns", workspace=named)
                self.assertEqual(error["code"], "bad_argument")
            self.assertEqual(self.done("list_campaigns")["workspace"], BLUE)

    def test_errors_name_the_workspace(self) -> None:
        """The error of a call names the workspace, too."""
        error = self.error("get_campaign", workspace=BLUE, campaign_id="Green: Q4")
        self.assertEqual(error["workspace"], BLUE)

    def test_server_info(self) -> None:
        """It needs no workspace, and tells which ones the caller can use."""
        self.assertEqual(self.done("get_server_info")["workspaces"], [BLUE, GREEN])
        self.credential = self.token(BLUE)
        info = self.done("get_server_info")
        self.assertEqual(info["workspace"], BLUE)
        self.assertNotIn("workspaces", info)

    def test_key_file_is_gone(self) -> None:
        """A workspace without a usable key is refused by its name; others work on."""
        book = agency_book(without={GREEN: "/keys/green"})
        self.server.workspaces = BookChoice(book)
        error = self.error("list_campaigns", workspace=GREEN)
        self.assertEqual(error["code"], "workspace_unavailable")
        self.assertIn(GREEN, error["message"])
        self.done("list_campaigns", workspace=BLUE)

    def test_no_grant_without_a_workspace(self) -> None:
        """Nothing is sent for a credential whose workspace is not chosen."""
        assert self.credential is not None
        with self.assertRaises(ValueError):
            grant_to_read(BY_ID["listCampaign"], self.credential)

    def test_names_of_another_workspace(self) -> None:
        """A name that only another workspace has is not found, in either order."""
        theirs = self.done("list_campaigns", workspace=GREEN)["items"][0]
        for _ in range(2):
            found = self.done(
                "get_campaign", workspace=GREEN, campaign_id=theirs["name"]
            )
            self.assertEqual(found["id"], theirs["id"])
            for reference in (theirs["name"], theirs["id"]):
                error = self.error(
                    "get_campaign", workspace=BLUE, campaign_id=reference
                )
                self.assertNotIn(theirs["id"], str(error.get("candidates")))

    def test_rate_limit_of_a_workspace(self) -> None:
        """All tokens of a workspace share its rate limit, and others have their own."""
        limit = BY_ID["listEmail"].limit
        assert limit is not None
        for _ in range(limit.calls):
            self.done("list_emails", workspace=BLUE, limit=1)
        self.credential = self.book.credential_for(
            token_for(BLUE, GREEN, id="tok_2"), None
        )
        error = self.error("list_emails", workspace=BLUE, limit=1)
        self.assertEqual(error["code"], "rate_limited")
        self.done("list_emails", workspace=GREEN, limit=1)

    def test_cursor_of_another_workspace(self) -> None:
        """A cursor is for the workspace that it was made in."""
        page = self.done("list_leads", workspace=BLUE, limit=1)["page"]
        error = self.error(
            "list_leads",
            workspace=GREEN,
            limit=1,
            starting_after=page["next_cursor"],
        )
        self.assertEqual(error["code"], "bad_cursor")


class PromptTests(ChoiceTestCase):
    def test_argument(self) -> None:
        """Each prompt requires a workspace from callers who choose."""
        for prompt in self.ask("prompts/list")["prompts"]:
            first, *others = prompt["arguments"]
            self.assertEqual((first["name"], first["required"]), ("workspace", True))
            self.assertNotIn("workspace", [each["name"] for each in others])

    def test_no_argument_for_one_workspace(self) -> None:
        """The argument of a prompt by which agency keys choose is not offered."""
        self.credential = self.token(BLUE)
        for prompt in self.ask("prompts/list")["prompts"]:
            names = [each["name"] for each in prompt.get("arguments", ())]
            self.assertNotIn("workspace", names)

    def test_get(self) -> None:
        """A prompt shows the workspace that it was asked for, and names it."""
        for alias, name in ((BLUE, "Blue"), (GREEN, "Green")):
            got = self.ask(
                "prompts/get", name="client_report", arguments={"workspace": alias}
            )
            text = got["messages"][0]["content"]["text"]
            self.assertIn(f"Workspace: {alias}", text)
            self.assertIn(name, text)

    def test_no_way_out_of_one_workspace(self) -> None:
        """A prompt cannot lead to another workspace that the same key reaches."""
        self.credential = self.token(BLUE)
        for client in CLIENTS:
            if client.alias != BLUE:
                for named in (client.alias, client.id):
                    self.refusal(
                        "prompts/get",
                        name="client_report",
                        arguments={"workspace": named},
                    )

    def test_no_way_down_from_the_admin_workspace(self) -> None:
        """A token for the admin workspace reaches none of the clients with a prompt."""
        self.credential = self.token("agency")
        refused = self.refusal(
            "prompts/get",
            name="client_report",
            arguments={"workspace": CLIENTS[0].id},
        )
        self.assertIn("decides the workspace", refused.message)

    def test_missing(self) -> None:
        """Without a workspace the prompt is refused, with those that there are."""
        refused = self.refusal("prompts/get", name="client_report", arguments={})
        self.assertIn(BLUE, refused.message)

    def test_completion(self) -> None:
        """Workspaces are completed, and then names within the one that is known."""
        prompt = {"type": "ref/prompt", "name": "launch_preflight"}
        self.assertEqual(self.completed(prompt, "workspace", "client-g"), [GREEN])
        self.assertEqual(self.completed(prompt, "campaign", ""), [])
        found = self.completed(prompt, "campaign", "", workspace=GREEN)
        theirs = self.done("list_campaigns", workspace=GREEN)["items"]
        self.assertEqual(set(found), {each["id"] for each in theirs})
        self.assertEqual(self.completed(prompt, "campaign", "", workspace=TEAL), [])

    def completed(
        self, ref: JsonObject, name: str, value: str, **known: str
    ) -> list[str]:
        """Return the values that complete an argument."""
        argument = {"name": name, "value": value}
        context = {"arguments": known}
        found = self.ask(
            "completion/complete", ref=ref, argument=argument, context=context
        )
        values: list[str] = found["completion"]["values"]
        return values


class ResourceTests(ChoiceTestCase):
    def test_resources_need_one_workspace(self) -> None:
        """A resource cannot name a workspace: it says how to reach one."""
        for method in ("resources/read", "resources/subscribe"):
            refused = self.refusal(method, uri="instantly://workspace")
            self.assertIn("/mcp/w/WORKSPACE", refused.message)

    def test_one_workspace(self) -> None:
        """With one workspace a resource is read there, and names it."""
        self.credential = self.token(BLUE, GREEN, asked=GREEN)
        read = self.ask("resources/read", uri="instantly://workspace")
        shown = loads(read["contents"][0]["text"].encode())
        self.assertEqual(shown["workspace"], GREEN)


class LevelTests(ChoiceTestCase):
    def test_rights_stay(self) -> None:
        """What narrowed the caller narrows it in its workspace as well."""
        credential = self.token(BLUE, GREEN)
        caller = Caller(revision=V2025_11_25, credential=credential)
        narrowed = evolve(caller, rights=caller.rights.narrowed(toolsets=("leads",)))
        acting = narrowed.acting_with(self.book.choose(credential, BLUE))
        self.assertEqual(acting.rights.toolsets, ("leads",))
        self.assertEqual(acting.rights.workspaces, ())
