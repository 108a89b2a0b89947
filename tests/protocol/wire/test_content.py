"""Content blocks for each revision."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.protocol.wire.content import adapt_content
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from tests.support.wire import check

BLOCKS: Mapping[str, JsonObject] = {
    "text": {"type": "text", "text": "Hello"},
    "image": {"type": "image", "data": "AA==", "mimeType": "image/png"},
    "audio": {"type": "audio", "data": "AA==", "mimeType": "audio/wav"},
    "resource": {"type": "resource", "resource": {"uri": "test://u", "text": "Hi"}},
    "resource_link": {"type": "resource_link", "uri": "test://u", "name": "Link"},
}
SINCE = {"audio": "2025-03-26", "resource_link": "2025-06-18"}


class ContentTests(SynchronousTestCase):
    def test_every_type_in_every_revision(self) -> None:
        """Before the revision of its type a block is replaced by text."""
        for version, revision in ALL_REVISIONS.items():
            for kind, block in BLOCKS.items():
                with self.subTest(version=version, kind=kind):
                    [shown] = adapt_content(revision, [block])
                    known = version >= SINCE.get(kind, "")
                    self.assertEqual(shown == block, known)
                    self.assertEqual(shown["type"], kind if known else "text")
                    result: dict[str, object] = {"content": [shown]}
                    if revision.modern:
                        result["resultType"] = "complete"
                    check(version, "CallToolResult", result)

    def test_nothing_is_lost(self) -> None:
        """A link is written as text; for audio the text says that it is omitted."""
        first = ALL_REVISIONS["2024-11-05"]
        sound, link = adapt_content(first, [BLOCKS["audio"], BLOCKS["resource_link"]])
        self.assertIn("audio/wav", sound["text"])
        self.assertEqual(link["text"], "Link: test://u")
        [titled] = adapt_content(
            first, [{**BLOCKS["resource_link"], "title": "A link"}]
        )
        self.assertEqual(titled["text"], "A link: test://u")

    def test_order_and_place(self) -> None:
        """The replacement has the position of the block."""
        shown = adapt_content(ALL_REVISIONS["2024-11-05"], [*BLOCKS.values()])
        self.assertEqual(
            [each["type"] for each in shown],
            ["text", "image", "text", "resource", "text"],
        )
