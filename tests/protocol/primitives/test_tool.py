"""Tools as values."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.protocol.primitives.registries import IToolRegistry
from instantly_mcp.protocol.primitives.tool import Annotations, ToolResult, text
from tests.support.toolboxes import SmallToolbox


class AnnotationTests(SynchronousTestCase):
    def test_all_four_hints(self) -> None:
        """The wire form states every hint, also the false ones, and the title."""
        hints = Annotations(
            read_only=False, destructive=True, idempotent=False, open_world=True
        )
        self.assertEqual(
            hints.as_object(),
            {
                "readOnlyHint": False,
                "destructiveHint": True,
                "idempotentHint": False,
                "openWorldHint": True,
            },
        )


class ToolResultTests(SynchronousTestCase):
    def test_text(self) -> None:
        """A text block is a text content block of MCP."""
        self.assertEqual(text("x"), {"type": "text", "text": "x"})

    def test_defaults(self) -> None:
        """A result is not an error by default."""
        self.assertFalse(ToolResult().is_error)


class SmallToolboxTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """The registry of the tests is a real one, with an unlisted tool."""
        toolbox = SmallToolbox()
        self.assertTrue(verifyObject(IToolRegistry, toolbox))
        self.assertIs(toolbox.listed(), toolbox.listed())
        self.assertIsNotNone(toolbox.find("relay"))
        self.assertNotIn("relay", [tool.name for tool in toolbox.listed()])
        self.assertIsNone(toolbox.find("nothing"))
