"""Lists and results as each revision writes them."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, dumps, loads
from instantly_mcp.protocol.primitives import listing as listing_module
from instantly_mcp.protocol.primitives.listing import (
    Listing,
    describe_tool,
    describe_tool_with_card,
    render_result,
)
from instantly_mcp.protocol.primitives.tool import Tool, ToolResult, text
from instantly_mcp.protocol.wire.cursor import Pager
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.versions import (
    ALL_REVISIONS,
    MODERN_REVISIONS,
    V2024_11_05,
    V2025_03_26,
    V2025_06_18,
    V2025_11_25,
    V2026_07_28,
)
from tests.support.servers import FakeTokenSealer
from tests.support.toolboxes import NOTHING, NUMBERS, SmallToolbox
from tests.support.wire import check

OBJECT = {"type": "object", "properties": {"said": {"type": "string"}}}


def tool(name: str = "echo") -> Tool:
    """Return a tool of the small registry."""
    found = SmallToolbox().find(name)
    assert found is not None
    return found


class DescribeTests(SynchronousTestCase):
    def test_fits_every_revision(self) -> None:
        """Every tool fits the Tool type of every revision."""
        for version, revision in ALL_REVISIONS.items():
            for each in SmallToolbox().listed():
                check(version, "Tool", describe_tool(each, revision))

    def test_what_a_revision_lacks(self) -> None:
        """A revision's entry has the members that the revision knows, and no others."""
        structured = evolve(tool(), output_schema=OBJECT)
        plain = {"name", "description", "inputSchema"}
        whole = {*plain, "annotations", "title", "outputSchema"}
        table = {
            V2024_11_05: plain,
            V2025_03_26: {*plain, "annotations"},
            V2025_06_18: whole,
            V2025_11_25: whole,
            V2026_07_28: whole,
        }
        for revision, members in table.items():
            with self.subTest(version=revision.version):
                entry = describe_tool(structured, revision)
                self.assertEqual(set(entry), members)

    def test_title(self) -> None:
        """The title is sent once: among the hints only where a tool has none itself."""
        for revision in ALL_REVISIONS.values():
            entry = describe_tool(tool(), revision)
            places = [entry.get("title"), entry.get("annotations", {}).get("title")]
            titles = 0 if revision is V2024_11_05 else 1
            self.assertEqual(places.count(tool().title), titles, revision.version)
            self.assertEqual("title" in entry, revision.structured)

    def test_card(self) -> None:
        """The page of a tool is named where its results are structured, if wanted."""
        carded = evolve(tool(), card="ui://test/card")
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                plain = describe_tool(carded, revision)
                self.assertNotIn("_meta", plain)
                self.assertEqual(describe_tool_with_card(tool(), revision), plain)
                entry = dict(describe_tool_with_card(carded, revision))
                check(version, "Tool", entry)
                meta = entry.pop("_meta", None)
                self.assertEqual(entry, plain)
                self.assertEqual(meta is not None, revision.structured)
                if meta is not None:
                    self.assertEqual(meta["ui"]["resourceUri"], "ui://test/card")
                    self.assertEqual(meta["ui"]["visibility"], ["model"])

    def test_output_that_is_not_an_object(self) -> None:
        """Before 2026-07-28 an output schema whose type is not object is left out."""
        listed = evolve(tool(), output_schema=NUMBERS)
        for revision in (V2025_06_18, V2025_11_25):
            self.assertNotIn("outputSchema", describe_tool(listed, revision))
        entry = describe_tool(listed, V2026_07_28)
        self.assertEqual(entry["outputSchema"], NUMBERS)

    def test_schema_is_verbatim(self) -> None:
        """The input schema is sent unchanged."""
        schema = {**NOTHING, "$defs": {"a": {"$anchor": "x"}}, "if": {}, "then": {}}
        entry = describe_tool(evolve(tool(), input_schema=schema), V2026_07_28)
        self.assertEqual(entry["inputSchema"], schema)


class ListingTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make a listing with pages of three."""
        self.tools = SmallToolbox().listed()

    def page(self, size: int, cursor: Json = None) -> dict[str, Json]:
        """Return one page, decoded."""
        listing = Listing(Pager(self.drawer, size))
        page = listing.page("tools", self.tools, V2025_11_25, cursor, describe_tool)
        decoded: dict[str, Json] = loads(dumps(page))
        return decoded

    drawer = FakeTokenSealer()

    def test_whole(self) -> None:
        """A list that fits on a page is one page without a cursor, in order."""
        page = self.page(100)
        names = [entry["name"] for entry in page["tools"]]
        self.assertEqual(names, [each.name for each in self.tools])
        self.assertNotIn("nextCursor", page)

    def test_pages(self) -> None:
        """A longer list comes page by page, complete and in order."""
        names: list[str] = []
        cursor: Json = None
        for _ in range(3):
            page = self.page(3, cursor)
            names += [entry["name"] for entry in page["tools"]]
            cursor = page.get("nextCursor")
        self.assertIsNone(cursor)
        self.assertEqual(names, [each.name for each in self.tools])

    def test_foreign_cursors(self) -> None:
        """A cursor that this server did not issue is -32602, also an empty one."""
        cursors: list[Json] = ["", "x", 7, [], {}, False]
        for cursor in cursors:
            for size in (3, 100):
                with (
                    self.subTest(cursor=cursor, size=size),
                    self.assertRaises(ProtocolError) as caught,
                ):
                    self.page(size, cursor)
                self.assertEqual(caught.exception.code, -32602)

    def test_encoded_once(self) -> None:
        """A list is encoded once per revision, and again when it changes."""
        listing = Listing(Pager(self.drawer, 100))

        def whole(tools: Json, revision: Json) -> Json:
            return listing.page("tools", tools, revision, None, describe_tool)["tools"]

        first = whole(self.tools, V2025_11_25)
        self.assertIs(whole(self.tools, V2025_11_25), first)
        self.assertIsNot(whole(self.tools, V2025_06_18), first)
        with_cards = listing.page(
            "tools", self.tools, V2025_11_25, None, describe_tool_with_card
        )
        self.assertIsNot(with_cards["tools"], first)
        fewer = self.tools[:2]
        self.assertEqual(len(loads(dumps(whole(fewer, V2025_11_25)))), 2)

    def test_rare_lists_push_out_rare_ones(self) -> None:
        """The list that is used all the time is encoded once, whatever others choose.

        No more lists are kept than the limit says.
        """
        self.patch(listing_module, "MAX_ENCODED", 3)
        listing = Listing(Pager(self.drawer, 100))

        def whole(tools: Json) -> Json:
            page = listing.page("tools", tools, V2025_11_25, None, describe_tool)
            return page["tools"]

        first = whole(self.tools)
        for _ in range(10):
            whole(list(self.tools[:2]))
            self.assertIs(whole(self.tools), first)
        self.assertEqual(len(listing._encoded), 3)


class RenderTests(SynchronousTestCase):
    def rendered(self, result: ToolResult, version: str) -> Json:
        """Render a result, check it as a result of its revision, decode it."""
        whole = loads(dumps(render_result(result, ALL_REVISIONS[version])))
        envelope = {"resultType": "complete"} if version in MODERN_REVISIONS else {}
        check(version, "CallToolResult", {**envelope, **whole})
        return whole

    def test_encoded_already(self) -> None:
        """A value that comes with its JSON is written as the value alone would be."""
        plain = ToolResult(structured={"a": [1, "é"]})
        encoded = evolve(plain, encoded=dumps(plain.structured))
        for version in ALL_REVISIONS:
            self.assertEqual(
                self.rendered(encoded, version), self.rendered(plain, version)
            )

    def test_object(self) -> None:
        """An object is text everywhere and structured content since 2025-06-18."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                result = self.rendered(ToolResult(structured={"a": [1]}), version)
                self.assertEqual(result["content"], [text('{"a":[1]}')])
                structured = version >= "2025-06-18"
                self.assertEqual("structuredContent" in result, structured)

    def test_list(self) -> None:
        """A list is text everywhere and structured content since 2026-07-28."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                result = self.rendered(ToolResult(structured=[1, 2]), version)
                self.assertEqual(result["content"], [text("[1,2]")])
                modern = version in MODERN_REVISIONS
                self.assertEqual("structuredContent" in result, modern)

    def test_falsy_values(self) -> None:
        """0, false, "" and [] are values, not absences."""
        values: list[Json] = [0, False, "", []]
        for value in values:
            with self.subTest(value=value):
                result = self.rendered(ToolResult(structured=value), "2026-07-28")
                self.assertEqual(result["structuredContent"], value)

    def test_content_wins(self) -> None:
        """Content of the tool is sent together with the structured value."""
        result = ToolResult(content=[text("two")], structured={"n": 2})
        rendered = self.rendered(result, "2025-11-25")
        self.assertEqual(rendered["content"], [text("two")])
        self.assertEqual(rendered["structuredContent"], {"n": 2})

    def test_error_and_meta(self) -> None:
        """isError and _meta appear only if they are set."""
        result = ToolResult(content=[text("no")], is_error=True, meta={"a": 1})
        rendered = self.rendered(result, "2025-06-18")
        self.assertEqual((rendered["isError"], rendered["_meta"]), (True, {"a": 1}))
        plain = self.rendered(ToolResult(content=[text("yes")]), "2025-06-18")
        self.assertEqual(set(plain), {"content"})

    def test_empty(self) -> None:
        """A result without anything has an empty content list."""
        self.assertEqual(self.rendered(ToolResult(), "2025-11-25"), {"content": []})
