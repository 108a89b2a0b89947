"""Tools, resources and prompts that a caller's rights do not permit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import evolve
from twisted.internet.defer import Deferred, succeed

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.methods import legacy, modern
from instantly_mcp.protocol.methods.modern import add_envelope
from instantly_mcp.protocol.methods.prompts import complete
from instantly_mcp.protocol.methods.resources import may_subscribe, subscribe
from instantly_mcp.protocol.primitives.registries import (
    PromptRegistry,
    ResourceRegistry,
    ToolRegistry,
)
from instantly_mcp.protocol.primitives.tool import Tool, ToolResult
from instantly_mcp.protocol.server_features import RequestContext
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS, V2026_07_28
from tests.support.cases import ClockedTestCase
from tests.support.servers import make_server_features

from ..primitives.test_prompt import GREET
from ..primitives.test_resource import LETTER, NOTE
from ..sample_features import request_context, says, tool

READ_ONLY = Rights(level=Level.READ_ONLY, level_by="path")
DRAFT = Rights(level=Level.DRAFT, level_by="header")
LEADS = Rights(toolsets=("leads", "server"))


class SomeDisabled(ToolRegistry):
    """A registry that knows of a tool that it does not offer."""

    def is_disabled(self, name: str) -> bool:
        """Say whether it is the one."""
        return name == "hidden_tool"


class NotPermittedTestCase(ClockedTestCase):
    def setUp(self) -> None:
        """Make features of two toolsets and three levels."""
        super().setUp()
        self.ran: list[str] = []
        self.features = make_server_features(
            SomeDisabled(
                [
                    self.tool("get_lead", Level.READ_ONLY, "leads"),
                    self.tool("update_lead", Level.DRAFT, "leads"),
                    self.tool("delete_lead", Level.FULL, "leads"),
                    self.tool("get_email", Level.READ_ONLY, "emails"),
                    self.tool("send_email", Level.FULL, "emails"),
                    self.tool("info", Level.READ_ONLY, None),
                ]
            ),
            self.clock,
            prompts=PromptRegistry(
                [
                    evolve(GREET, name="triage", toolset="emails"),
                    evolve(GREET, name="hygiene", toolset="leads"),
                ]
            ),
            resources=ResourceRegistry(
                [NOTE, evolve(NOTE, uri="note://emails", toolset="emails")],
                [evolve(LETTER, toolset="emails")],
            ),
        )

    def tool(self, name: str, level: Level, toolset: str | None) -> Tool:
        """Return a tool that notes that it ran."""

        def run(arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
            self.ran.append(name)
            return succeed(says(name))

        return evolve(tool(name, run), level=level, toolset=toolset)

    def asked(
        self, method: str, rights: Rights, revision: str = "2026-07-28", **params: Json
    ) -> RequestContext:
        """Return a request of a caller with these rights."""
        return request_context(
            method, params, rights=rights, revision=ALL_REVISIONS[revision]
        )

    def answer(
        self, method: str, rights: Rights, revision: str = "2026-07-28", **params: Json
    ) -> Json:
        """Return the result of a method."""
        context = self.asked(method, rights, revision, **params)
        era = modern if context.caller.revision.modern else legacy
        result = era.methods(self.features)[method](self.features, context)
        if isinstance(result, Deferred):
            result = self.successResultOf(result)
        return result

    def refused(self, act: Callable[[], object]) -> str:
        """Return the message of the error -32602."""
        error = self.assertRaises(ProtocolError, act)
        self.assertEqual(error.code, -32602)
        return str(error.message)


class ListTests(NotPermittedTestCase):
    def listed(self, rights: Rights) -> list[str]:
        """Return the names of the listed tools, and check that each can be called."""
        lists = []
        for version in ALL_REVISIONS:
            page = loads(dumps(self.answer("tools/list", rights, version)))
            lists.append([each["name"] for each in page["tools"]])
        names = lists[0]
        self.assertEqual(lists, [names] * len(lists))
        for name in names:
            self.assertNotIn("isError", self.answer("tools/call", rights, name=name))
        self.assertEqual(self.ran[-len(names) :], names)
        return names

    def test_tools(self) -> None:
        """A caller sees the tools that its level and its toolsets permit."""
        for rights, expected in (
            (ALL_RIGHTS, 6),
            (DRAFT, ["get_lead", "update_lead", "get_email", "info"]),
            (READ_ONLY, ["get_lead", "get_email", "info"]),
            (LEADS, ["get_lead", "update_lead", "delete_lead", "info"]),
            (LEADS.narrowed(Level.READ_ONLY), ["get_lead", "info"]),
            (Rights(toolsets=()), ["info"]),
        ):
            with self.subTest(rights=rights):
                names = self.listed(rights)
                self.assertEqual(names if expected != 6 else len(names), expected)

    def test_prompts_and_resources(self) -> None:
        """Prompts and resources are those of the caller's toolsets."""
        for rights, prompts, uris, templates in (
            (READ_ONLY, ["triage", "hygiene"], 2, 1),
            (LEADS, ["hygiene"], 1, 0),
        ):
            names = [each.name for each in self.features.prompts.listed(rights)]
            self.assertEqual(names, prompts)
            self.assertEqual(len(self.features.resources.resources(rights)), uris)
            self.assertEqual(len(self.features.resources.templates(rights)), templates)

    def test_scope(self) -> None:
        """A list that depends on the caller is private; the same for all is public."""
        for method in ("tools/list", "prompts/list", "resources/list"):
            for rights, scope in (
                (ALL_RIGHTS, "public"),
                (Rights(level=Level.DRAFT, level_by="setting"), "public"),
                (DRAFT, "private"),
                (READ_ONLY, "private"),
                (LEADS, "private"),
                (Rights(token="t1"), "private"),
                (Rights(workspaces=("a", "b")), "private"),
            ):
                with self.subTest(method=method, rights=rights):
                    context = self.asked(method, rights)
                    sealed = add_envelope(self.features, context, {})
                    self.assertEqual(sealed["cacheScope"], scope)

    def test_encoded_by_rights(self) -> None:
        """Lists of different rights do not take the place of each other."""
        for _ in range(2):
            pages = [
                self.answer("tools/list", rights)["tools"]
                for rights in (ALL_RIGHTS, DRAFT, LEADS)
            ]
            again = [
                self.answer("tools/list", rights)["tools"]
                for rights in (ALL_RIGHTS, DRAFT, LEADS)
            ]
            for one, two in zip(pages, again, strict=True):
                self.assertIs(one, two)
            self.assertEqual(len({id(page) for page in pages}), 3)


class CallTests(NotPermittedTestCase):
    def error(self, rights: Rights, name: str) -> Json:
        """Return the error with which a call is refused, in every revision."""
        found = []
        for version in ALL_REVISIONS:
            result = self.answer("tools/call", rights, version, name=name)
            self.assertTrue(result["isError"])
            found.append(loads(result["content"][0]["text"]))
        self.assertEqual(found, [found[0]] * len(found))
        self.assertEqual(self.ran, [])
        return found[0]

    def test_level(self) -> None:
        """A tool that the level forbids is refused, and the operator is named."""
        for rights, name in (
            (READ_ONLY, "update_lead"),
            (DRAFT, "send_email"),
            (LEADS.narrowed(Level.DRAFT), "delete_lead"),
        ):
            error = self.error(rights, name)
            self.assertEqual((error["code"], error["tool"]), ("not_allowed", name))
            self.assertIn(rights.level.value, error["message"])
            self.assertIn("operator", error["hint"])
            drafts = rights.level is Level.DRAFT
            self.assertEqual("a person with access" in error["hint"], drafts)

    def test_toolset(self) -> None:
        """A tool of another toolset is not enabled for this connection."""
        error = self.error(LEADS, "send_email")
        self.assertEqual(error["code"], "not_enabled")
        self.assertIn("not enabled for this connection", error["message"])
        self.assertIn("operator", error["hint"])

    def test_disabled(self) -> None:
        """A tool that the operator left out is not enabled on this server."""
        error = self.error(ALL_RIGHTS, "hidden_tool")
        self.assertEqual(error["code"], "not_enabled")
        self.assertIn("not enabled on this server", error["message"])

    def test_unknown(self) -> None:
        """The error for an unknown tool suggests only what the caller may use."""

        def call(rights: Rights) -> str:
            return self.refused(
                lambda: self.answer("tools/call", rights, name="get_emails")
            )

        self.assertIn("mean get_email, send_email?", call(ALL_RIGHTS))
        self.assertIn("mean get_email?", call(READ_ONLY))
        self.assertNotIn("email?", call(LEADS))


class InstructionTests(NotPermittedTestCase):
    def test_limits(self) -> None:
        """The instructions of each era say what the caller's level does not permit."""
        info = evolve(
            self.features.info,
            instructions="Do good.",
            limits={Level.READ_ONLY: " Only read."},
        )
        self.features.info = info
        for rights, said in (
            (ALL_RIGHTS, "Do good."),
            (DRAFT, "Do good."),
            (READ_ONLY, "Do good. Only read."),
        ):
            opened = self.answer("initialize", rights, "2025-11-25")
            found = self.answer("server/discover", rights)
            self.assertEqual(opened["instructions"], said)
            self.assertEqual(found["instructions"], said)


class OtherMethodTests(NotPermittedTestCase):
    def test_prompts(self) -> None:
        """A prompt of another toolset is refused, and so is its completion."""
        said = self.refused(
            lambda: self.answer("prompts/get", LEADS, name="triage", arguments={})
        )
        self.assertIn("prompt is not enabled for this connection", said)
        ref: JsonObject = {"type": "ref/prompt", "name": "triage"}
        asked = self.asked(
            "completion/complete",
            LEADS,
            ref=ref,
            argument={"name": "name", "value": ""},
        )
        self.refused(lambda: complete(self.features, asked))

    def test_resources(self) -> None:
        """A resource of another toolset is neither read, watched, nor completed."""
        uri = LETTER.template.expand(dict.fromkeys(LETTER.template.names, "a"))
        for named in ("note://emails", uri):
            said = self.refused(
                partial(self.answer, "resources/read", LEADS, uri=named)
            )
            self.assertIn("resource is not enabled for this connection", said)
            asked = self.asked("resources/subscribe", LEADS, uri=named)
            self.refused(partial(subscribe, self.features, asked))
            found = self.features.resources.find(named)
            assert found is not None
            self.assertFalse(may_subscribe(found, asked.caller))
        ref: JsonObject = {"type": "ref/resource", "uri": LETTER.template.template}
        name = LETTER.template.names[0]
        asked = self.asked(
            "completion/complete", LEADS, ref=ref, argument={"name": name, "value": ""}
        )
        self.refused(lambda: complete(self.features, asked))
        self.answer("resources/read", LEADS, uri=NOTE.uri)
        self.assertIs(asked.caller.revision, V2026_07_28)
