"""Declarations: the schemas that are made from arguments."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.tools.declaring.argument import argument
from instantly_mcp.features.tools.declaring.declaration import ToolDeclaration
from instantly_mcp.features.tools.declaring.hints import READ_ONLY


class SchemaTests(SynchronousTestCase):
    def test_listed_and_accepted(self) -> None:
        """An argument may accept more than clients see."""
        declaration = ToolDeclaration(
            name="word",
            title="Search",
            description="Search for something.",
            toolset="server",
            hints=READ_ONLY,
            arguments=(
                argument(
                    "status",
                    schema={"enum": ["active", 1]},
                    listed={"type": "string", "enum": ["active"]},
                    description="what it does",
                ),
                argument("word", schema={"type": "string"}, default="all"),
                argument("raw", schema={"type": "object"}, unlisted=True),
            ),
        )
        self.assertEqual(
            declaration.accepted_schema()["properties"],
            {
                "status": {"enum": ["active", 1], "description": "what it does"},
                "word": {"type": "string", "default": "all"},
                "raw": {"type": "object", "x-unlisted": True},
            },
        )
        self.assertEqual(
            declaration.input_schema()["properties"],
            {
                "status": {
                    "type": "string",
                    "enum": ["active"],
                    "description": "what it does",
                },
                "word": {"type": "string", "default": "all"},
            },
        )
