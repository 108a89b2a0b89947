"""A daemon whose workspace is full of attacks shows none of them uncleaned or unmarked.

Every tool that reads, every resource and every prompt is used, in both eras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.protocol.arguments.fences import without_fences
from instantly_mcp.sandbox.hostile import MARKER
from tests.support.messages import request
from tests.support.untrusted import leaks_of_text, leaks_of_tool

from .cases import DaemonTestCase
from .raw_wires import ModernWire, RawWire, SessionWire
from .wires import result_of

UNKNOWN = "0190a4f2-5d6a-7c11-8f00-2b8a4c1d9e77"
OPTIONS = ("--sandbox", "--hostile-content", "--toolsets=all")
MORE: Mapping[str, JsonObject] = {
    "list_emails": {"preview_only": False},
    "get_email": {"include_html": True},
    "get_warmup_analytics": {"emails": ["nora@hale.example.com"]},
}
SHOWN = 15
"""So many read tools must show at least one attack, or this would test nothing."""


class AnyStatusWire(ModernWire):
    """A modern client that reads the answer of any HTTP status."""

    async def ask(self, message: JsonObject) -> JsonObject:
        whole, headers = self.enveloped(message)
        await self.posted("/mcp", whole, headers)
        answer: JsonObject = self.transcript.messages[-1]
        assert answer["id"] == message["id"], answer
        return answer


class HostileWalk:
    """Goes through everything that a client can read."""

    def __init__(self, case: DaemonTestCase, wire: RawWire) -> None:
        self.case, self.wire = case, wire
        self.known: dict[str, Any] = {}
        self.shown: set[str] = set()

    def check(self, name: str, text: str, leaks: Sequence[str]) -> None:
        """Fail if there are leaks; note what shows an attack."""
        self.case.assertEqual(leaks, [], "\n".join([f"{name}:", *leaks]))
        if MARKER in text:
            self.shown.add(name)

    async def call(self, tool: str, arguments: JsonObject) -> Any:
        """Call a tool and check its result; return its plain value."""
        result = await self.wire.call(tool, arguments)
        self.check(tool, str(result), leaks_of_tool(result))
        return without_fences(result.get("structuredContent"))

    async def learn(self) -> None:
        """Look the ids up, as a client does."""
        self.known["campaign_id"] = await self.first("list_campaigns")
        self.known["list_id"] = await self.first("list_lead_lists")
        leads = (await self.call("list_leads", {}))["items"]
        mails = (await self.call("list_emails", {}))["items"]
        self.known |= {
            "lead_id": leads[0]["id"],
            "contact_email": leads[0]["email"],
            "email_id": mails[0]["id"],
            "thread_id": mails[0]["thread_id"],
            "email": "nora@hale.example.com",
            "emails": ["nora@hale.example.com"],
        }

    async def first(self, tool: str) -> str:
        """Return the id of the first item of a list."""
        id: str = (await self.call(tool, {}))["items"][0]["id"]
        return id

    async def tools(self) -> None:
        """Call every tool that reads, also with ids that do not exist."""
        for tool in await self.wire.tools():
            needs = tool["inputSchema"].get("required", ())
            if not tool["annotations"]["readOnlyHint"]:
                continue
            self.case.assertTrue(set(needs) <= {*self.known, "job_id"}, tool["name"])
            given = {name: self.known.get(name, UNKNOWN) for name in needs}
            await self.call(tool["name"], {**given, **MORE.get(tool["name"], {})})
            gone = {name: UNKNOWN for name in needs if name.endswith("_id")}
            if gone:
                await self.call(tool["name"], {**given, **gone})

    async def resources(self) -> None:
        """Read every resource and template, also with ids that do not exist."""
        listed = await self.ask("resources/list", {})
        for resource in listed["resources"]:
            await self.read(resource["uri"])
        values = {
            "campaigns/{id}": self.known["campaign_id"],
            "leads/{id}": self.known["lead_id"],
            "lists/{id}": self.known["list_id"],
            "accounts/{email}": self.known["email"],
            "threads/{thread_id}": self.known["thread_id"],
        }
        templates = (await self.ask("resources/templates/list", {}))[
            "resourceTemplates"
        ]
        for template in templates:
            uri = template["uriTemplate"].partition("{?")[0]
            for pattern, value in values.items():
                if pattern in uri:
                    await self.read(uri.replace(pattern.partition("/")[2], value))
                    await self.read(uri.replace(pattern.partition("/")[2], UNKNOWN))

    async def read(self, uri: str) -> None:
        """Read a resource; an error is checked as well."""
        for text in await self.texts("resources/read", {"uri": uri}):
            self.check(uri, text, leaks_of_text(text))

    async def prompts(self) -> None:
        """Get every prompt, with objects that exist and names that do not."""
        known = self.known
        values = {
            "campaign": (known["campaign_id"], "Q4 Fintec"),
            "list": (known["list_id"], "Partner"),
            "thread": (known["thread_id"], UNKNOWN),
        }
        for prompt in (await self.ask("prompts/list", {}))["prompts"]:
            needs = [each["name"] for each in prompt["arguments"] if each["required"]]
            for turn in (0, 1) if needs else (0,):
                given = {name: values[name][turn] for name in needs}
                params = {"name": prompt["name"], "arguments": given}
                for text in await self.texts("prompts/get", params):
                    self.check(prompt["name"], text, leaks_of_text(text))

    async def completions(self) -> None:
        """Complete each argument and variable that has completions."""
        for ref, name in (
            ({"type": "ref/prompt", "name": "launch_preflight"}, "campaign"),
            ({"type": "ref/prompt", "name": "list_hygiene"}, "list"),
            ({"type": "ref/resource", "uri": "instantly://accounts/{email}"}, "email"),
        ):
            params = {"ref": ref, "argument": {"name": name, "value": ""}}
            found = (await self.ask("completion/complete", params))["completion"]
            self.case.assertTrue(found["values"], name)
            for value in found["values"]:
                self.check(name, value, leaks_of_text(value))

    async def texts(self, method: str, params: JsonObject) -> list[str]:
        """Return the texts of a result, or of the error with all of its data."""
        answer = await self.wire.ask(request(method, params, self.wire.next_id()))
        if "error" in answer:
            error = answer["error"]
            return [error["message"], *map(str, flat(error.get("data")))]
        result = answer["result"]
        return [
            *(each["text"] for each in result.get("contents", ())),
            *(each["content"]["text"] for each in result.get("messages", ())),
        ]

    async def ask(self, method: str, params: JsonObject) -> Any:
        """Return the result of a request."""
        return result_of(
            await self.wire.ask(request(method, params, self.wire.next_id()))
        )


def flat(value: Any) -> list[Any]:
    """Return the values in an object or list, at every level, but not the notice."""
    if isinstance(value, dict):
        return [
            each
            for name, inner in value.items()
            if name != "untrusted"
            for each in flat(inner)
        ]
    if isinstance(value, list):
        return [each for inner in value for each in flat(inner)]
    return [value]


class HostileTests(DaemonTestCase):
    async def walk(self, wire: RawWire) -> None:
        """Go through everything with one client."""
        await wire.connect()
        walk = HostileWalk(self, wire)
        await walk.learn()
        await walk.tools()
        await walk.resources()
        await walk.prompts()
        await walk.completions()
        self.assertGreaterEqual(len(walk.shown), SHOWN, walk.shown)
        wire.drop()

    @deferred
    async def test_sessions(self):
        """A client of the session era gets no attack unmarked or uncleaned."""
        daemon = await self.daemon(*OPTIONS)
        await self.walk(SessionWire(daemon.url, "sandbox-hostile-1"))

    @deferred
    async def test_modern(self):
        """A client of the modern era gets no attack unmarked or uncleaned."""
        daemon = await self.daemon(*OPTIONS)
        await self.walk(AnyStatusWire(daemon.url, "sandbox-hostile-2"))

    @deferred
    async def test_simulated_api(self):
        """The simulated API alone has hostile content as well."""
        daemon = await self.daemon("sandbox", "--hostile-content")
        shown = await self.get(
            f"{daemon.base}/api/v2/campaigns", {"Authorization": "Bearer sandbox"}
        )
        self.assertIn(MARKER.encode(), shown)
