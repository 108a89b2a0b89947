"""The server's features: compiled once, and declared for each revision."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import succeed

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.protocol.arguments.reading import BadArguments
from instantly_mcp.protocol.calls.subscriptions import PROMPTS, RESOURCES, TOOLS
from instantly_mcp.protocol.methods.legacy import methods as legacy_methods
from instantly_mcp.protocol.methods.modern import methods as modern_methods
from instantly_mcp.protocol.primitives.registries import (
    PromptRegistry,
    ResourceRegistry,
)
from instantly_mcp.protocol.primitives.tool import Tool
from instantly_mcp.protocol.server_features import ServerFeatures, ServerInfo
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS, V2024_11_05, V2025_11_25
from tests.support.cases import ClockedTestCase
from tests.support.wire import check

from .primitives.test_prompt import GREET
from .primitives.test_resource import LETTER, NOTE
from .sample_features import features_of, request_context, says, tool

HEADED: JsonObject = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
}


def make(schema: JsonObject, name: str = "one") -> Tool:
    """Return a tool with this schema."""
    return tool(name, lambda arguments, call: succeed(says("1")), schema=schema)


class InfoTests(ClockedTestCase):
    def test_fits(self) -> None:
        """The introduction fits the schema of the revisions that have titles."""
        info = ServerInfo(name="n", title="T", version="1", instructions="Do.")
        self.assertEqual(info.as_object(), {"name": "n", "title": "T", "version": "1"})
        check("2025-11-25", "Implementation", info.as_object())

    def test_introduced(self) -> None:
        """Title and icons are sent to the revisions that have them, and fit."""
        icon = {"src": "https://mcp.example/icon.svg", "sizes": ["any"]}
        info = ServerInfo(name="n", title="T", version="1", icons=[icon])
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                found = info.introduced(revision)
                self.assertEqual("title" in found, version >= "2025-06-18")
                self.assertEqual("icons" in found, version >= "2025-11-25")
                check(version, "Implementation", found)

    def test_not_in_every_result(self) -> None:
        """What every result repeats stays small."""
        info = ServerInfo(name="n", title="T", version="1", icons=[{"src": "data:,"}])
        self.assertNotIn("icons", info.as_object())

    def test_no_icons(self) -> None:
        """A server without icons does not send an empty list."""
        info = ServerInfo(name="n", title="T", version="1")
        self.assertNotIn("icons", info.introduced(V2025_11_25))


class TurnTests(ClockedTestCase):
    def test_params(self) -> None:
        """The parameters of a context are those of its request."""
        self.assertEqual(request_context("x", {"a": 1}).params, {"a": 1})


class CompiledTests(ClockedTestCase):
    def test_once(self) -> None:
        """A tool is compiled once, and again when another tool takes its name."""
        one, other = make(HEADED), make({"type": "object"})
        features = features_of(self.clock, one)
        compiled = features.compiled(one)
        self.assertIs(features.compiled(one), compiled)
        self.assertEqual(
            [m.header for m in compiled.param_headers], ["mcp-param-region"]
        )
        self.assertRaises(BadArguments, compiled.accepted.read, {"region": [1]})
        again = features.compiled(other)
        self.assertIs(again.tool, other)
        self.assertEqual(again.accepted.read({"region": [1]}), {"region": [1]})

    def test_at_the_start(self) -> None:
        """A schema that is wrong stops the daemon's start, not a call."""
        wrong: list[JsonObject] = [
            {"type": "nothing"},
            {"type": "object", "properties": {"a": {"x-mcp-header": "A"}}},
        ]
        for schema in wrong:
            with self.subTest(schema=schema), self.assertRaises(ValueError):
                features_of(self.clock, make(schema))


class CapabilityTests(ClockedTestCase):
    def offers(self) -> dict[str, ServerFeatures]:
        """Return offers with more and more on them."""
        everything: dict[str, Any] = {
            "prompts": PromptRegistry([GREET]),
            "resources": ResourceRegistry([NOTE], [LETTER]),
        }
        return {
            "tools": features_of(self.clock),
            "prompts": features_of(self.clock, prompts=everything["prompts"]),
            "resources": features_of(self.clock, resources=ResourceRegistry([NOTE])),
            "templates": features_of(
                self.clock, resources=ResourceRegistry([], [LETTER])
            ),
            "everything": features_of(
                self.clock,
                **everything,
                changing=frozenset({TOOLS, PROMPTS, RESOURCES}),
            ),
        }

    def test_fit(self) -> None:
        """Capabilities fit the schema of every revision, whatever the features."""
        for name, features in self.offers().items():
            for version, revision in ALL_REVISIONS.items():
                with self.subTest(features=name, version=version):
                    found = features.capabilities(revision)
                    check(version, "ServerCapabilities", found)

    def test_declared(self) -> None:
        """Capabilities are declared for the features that exist, and no others."""
        declared = {
            name: set(features.capabilities(V2025_11_25))
            for name, features in self.offers().items()
        }
        always = {"tools", "logging"}
        self.assertEqual(declared["tools"], always)
        self.assertEqual(declared["prompts"], {*always, "prompts", "completions"})
        for name in ("resources", "templates"):
            self.assertEqual(declared[name], {*always, "resources", "completions"})
        everything = self.offers()["everything"].capabilities(V2025_11_25)
        self.assertEqual(
            everything,
            {
                "tools": {"listChanged": True},
                "logging": {},
                "resources": {"subscribe": True, "listChanged": True},
                "prompts": {"listChanged": True},
                "completions": {},
            },
        )

    def test_first_revision(self) -> None:
        """2024-11-05 does not have the completions capability."""
        everything = self.offers()["everything"]
        self.assertNotIn("completions", everything.capabilities(V2024_11_05))

    def test_tables_agree(self) -> None:
        """Every method of a declared capability is there, and no other."""
        for name, features in self.offers().items():
            declared = set(features.capabilities(V2025_11_25))
            for methods in (legacy_methods(features), modern_methods(features)):
                with self.subTest(features=name):
                    self.assertEqual("prompts/get" in methods, "prompts" in declared)
                    self.assertEqual(
                        "resources/read" in methods, "resources" in declared
                    )
                    self.assertEqual(
                        "completion/complete" in methods, "completions" in declared
                    )
