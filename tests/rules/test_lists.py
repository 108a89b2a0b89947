"""Lists and completions: pages, cursors, order, and who may see what."""

from __future__ import annotations

from collections.abc import Callable

from instantly_mcp._json_codec import Json
from tests.conformance.tools import SCHEMA_2020_12, simple_text, tool
from tests.support.messages import call, modern, request
from tests.support.received import Received

from .everything import RulesTestCase

LISTS = (
    ("tools/list", "tools", "name"),
    ("prompts/list", "prompts", "name"),
    ("resources/list", "resources", "uri"),
    ("resources/templates/list", "resourceTemplates", "uriTemplate"),
    ("skills/list", "skills", "uri"),
)


class ListTests(RulesTestCase):
    def pages(
        self, send: Callable[[Json], Received], method: str, kind: str
    ) -> list[list[Json]]:
        """Return all pages of a list."""
        pages, cursor = [], None
        while True:
            params: Json = {} if cursor is None else {"cursor": cursor}
            result = send(request(method, params)).result
            pages.append(result[kind])
            cursor = result.get("nextCursor")
            if cursor is None:
                return pages

    def test_pagination(self) -> None:
        """In both eras the pages of a list hold each item once, in order."""
        for method, kind, key in LISTS:
            whole = self.pages(self.ask, method, kind)
            self.assertEqual(len(whole), 1)
            self.rig = self.make_rig(page_size=2)
            for send in (self.ask, self.client("2025-06-18").ask):
                with self.subTest(method=method, send=send):
                    pages = self.pages(send, method, kind)
                    self.assertEqual({len(page) for page in pages[:-1]} - {2}, set())
                    names = [one[key] for page in pages for one in page]
                    self.assertEqual(names, [one[key] for one in whole[0]])
            self.rig = self.make_rig()

    def test_no_cursor_after_the_last(self) -> None:
        """A list that fills its pages exactly ends without an empty page."""
        count = len(self.ask(request("prompts/list")).result["prompts"])
        for size in range(1, count + 2):
            self.rig = self.make_rig(page_size=size)
            pages = self.pages(self.ask, "prompts/list", "prompts")
            self.assertEqual(len(pages), -(-count // size))

    def test_invalid_cursors(self) -> None:
        """Edited, invented, empty and foreign cursors are -32602 with 200."""
        self.rig = self.make_rig(page_size=2)
        good = self.ask(request("tools/list")).result["nextCursor"]
        other = self.ask(request("prompts/list")).result["nextCursor"]
        elsewhere = self.make_rig().seal.seal("cursor", b'["tools",2]')
        bad = (good[:-1] + "!", good + "A", "2", "", other, elsewhere, 2, [good])
        for send in (self.ask, self.client().ask):
            for cursor in bad:
                with self.subTest(cursor=cursor):
                    received = send(request("tools/list", {"cursor": cursor}))
                    self.assertRefused(received, 200, -32602)

    def test_cursors_outlive_a_restart(self) -> None:
        """A cursor needs no state on the server: it is valid after a restart."""
        self.rig = self.make_rig(page_size=2)
        cursor = self.ask(request("tools/list")).result["nextCursor"]
        self.rig = self.make_rig(page_size=2, seal=self.rig.seal)
        second = self.ask(request("tools/list", {"cursor": cursor})).result["tools"]
        self.assertEqual(len(second), 2)

    def test_same_for_everybody(self) -> None:
        """A list depends neither on earlier requests nor on the caller."""
        first = self.ask(request("tools/list")).message
        self.ask(call("test_trigger_tool_change"))
        self.client().ask(request("tools/list"))
        anonymous = self.rig.send_modern(modern(request("tools/list")), key=None)
        self.assertEqual(self.ask(request("tools/list")).message, first)
        self.assertEqual(anonymous.message, first)

    def test_schemas_are_verbatim(self) -> None:
        """A 2020-12 schema reaches every revision as it was written."""
        for send in (self.ask, self.client("2025-03-26").ask, self.client().ask):
            tools = send(request("tools/list")).result["tools"]
            schemas = {one["name"]: one["inputSchema"] for one in tools}
            self.assertEqual(schemas["json_schema_2020_12_tool"], SCHEMA_2020_12)

    def test_remote_references_are_never_fetched(self) -> None:
        """A tool whose schema points elsewhere is refused when it is offered."""
        schema = {"type": "object", "$ref": "https://example.com/schema.json"}
        with self.assertRaises(ValueError):
            self.rig.server_features.compiled(
                tool("remote", simple_text, schema=schema)
            )


class CompletionTests(RulesTestCase):
    def complete(self, ref: Json, name: str, value: str) -> Json:
        """Return a completion, the same in both eras."""
        argument = {"name": name, "value": value}
        message = request("completion/complete", {"ref": ref, "argument": argument})
        found = self.ask(message).result["completion"]
        self.assertEqual(self.client().ask(message).result["completion"], found)
        return found

    def test_at_most_100(self) -> None:
        """100 values at most are sent, with the true total and a sign of more."""
        for ref in (
            {"type": "ref/prompt", "name": "letter"},
            {"type": "ref/resource", "uri": "test://letters/{letter}"},
        ):
            found = self.complete(ref, "letter", "")
            self.assertEqual(len(found["values"]), 100)
            self.assertEqual((found["total"], found["hasMore"]), (150, True))
            found = self.complete(ref, "letter", "letter-00")
            self.assertEqual(len(found["values"]), 10)
            self.assertEqual((found["total"], found["hasMore"]), (10, False))

    def test_unknown_refs(self) -> None:
        """What does not exist cannot be completed: -32602 with 200."""
        for ref, name in (
            ({"type": "ref/prompt", "name": "nothing"}, "letter"),
            ({"type": "ref/prompt", "name": "letter"}, "nothing"),
            ({"type": "ref/resource", "uri": "test://nothing/{x}"}, "x"),
            ({"type": "ref/resource", "uri": "test://letters/{letter}"}, "x"),
            ({"type": "ref/nothing"}, "x"),
        ):
            params = {"ref": ref, "argument": {"name": name, "value": ""}}
            received = self.ask(request("completion/complete", params))
            self.assertRefused(received, 200, -32602)
