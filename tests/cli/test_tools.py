"""The list of tools, and the manual made from it."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from instantly_mcp._rights import Level
from instantly_mcp.cli.tools import listed_tools, manual, rights_at
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.tools_hash import hash_of
from instantly_mcp.protocol.primitives.tool import Annotations, Tool, ToolResult
from instantly_mcp.sandbox.workspaces import Sandbox
from instantly_mcp.state.sealed_tokens import TokenSealer
from tests.daemon.processes import MODULE, ProcessTestCase
from tests.support.tool_counts import DEFAULT_TOOLS


def tool(schema, **hints) -> Tool:
    """Return a tool with this schema."""
    annotations = {"read_only": False, "destructive": False, **hints}
    return Tool(
        name="do_it",
        title="Do it",
        description="Does it.",
        input_schema=schema,
        annotations=Annotations(idempotent=False, open_world=True, **annotations),
        run=lambda arguments, call: succeed(ToolResult()),
    )


class HashTests(SynchronousTestCase):
    """The digest of listed tools."""

    def test_hash(self):
        """It follows names and schemas, not order, titles or descriptions."""
        one, other = tool({"type": "object"}), tool({"type": "object", "x": 1})
        other = evolve(other, name="other")
        self.assertEqual(hash_of([one, other]), hash_of([other, one]))
        self.assertEqual(hash_of([one]), hash_of([evolve(one, description="Else.")]))
        for changed in (evolve(one, name="b"), evolve(one, input_schema={})):
            self.assertNotEqual(hash_of([one]), hash_of([changed]))

    def test_command(self):
        """The command prints what a server with the same toolsets shows."""
        self.assertRegex(hash_of(listed_tools("default")), r"\A[0-9a-f]{64}\Z")
        self.assertNotEqual(
            hash_of(listed_tools("default")), hash_of(listed_tools("all"))
        )


class NothingBuiltTests(SynchronousTestCase):
    """Listing tools builds only the tools."""

    def test_no_sandbox_and_no_keys(self):
        """It builds neither a simulated Instantly nor keys that seal session ids."""
        built = []

        def note(each, *args, **kwargs):
            built.append(type(each).__name__)

        self.patch(Sandbox, "__init__", note)
        self.patch(TokenSealer, "__init__", note)
        self.assertTrue(listed_tools("all"))
        self.assertEqual(built, [])


class NothingWrittenTests(ProcessTestCase):
    """Listing tools needs no folder of the daemon."""

    @deferred
    async def test_no_state(self):
        """``instantly-mcp tools`` creates no file, also not in the state directory."""
        home = self.folder / "home"
        home.mkdir()
        environ = {"HOME": str(home), "STATE_DIRECTORY": str(home / "state")}
        running = self.spawn([*MODULE, "tools", "--toolsets", "all"], environ=environ)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertIn(b"list_campaigns", running.output)
        self.assertEqual(list(home.iterdir()), [])


class OfferedTests(SynchronousTestCase):
    """The tools that are listed."""

    def test_default(self):
        """By default there are 40."""
        self.assertEqual(len(listed_tools("default")), DEFAULT_TOOLS)

    def test_all(self):
        """``all`` lists those and more."""
        default = {tool.name for tool in listed_tools("default")}
        self.assertLess(default, {tool.name for tool in listed_tools("all")})

    def test_levels(self):
        """Each access level lists what it permits."""
        levels = [
            listed_tools("all", rights_at(level))
            for level in ("read-only", "draft", "full")
        ]
        few, more, every = ({tool.name for tool in tools} for tools in levels)
        self.assertLess(few, more)
        self.assertLess(more, every)
        self.assertTrue(all(tool.annotations.read_only for tool in levels[0]))

    def test_unknown(self):
        """A toolset or a level that does not exist is a mistake."""
        for act in (listed_tools, rights_at):
            with self.assertRaises(ConfigurationError):
                act("nonsense")


class ManualTests(SynchronousTestCase):
    """The manual of tools."""

    def test_arguments(self):
        """Each argument has its type, whether it is required, and its default."""
        schema = {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "a | b"},
                "kind": {"enum": ["x", "y"], "default": "x"},
                "code": {"enum": ["0", "all", 0]},
                "ids": {"type": "array", "items": {"type": "string"}},
                "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            },
        }
        text = manual([tool(schema)], [])
        for line in (
            "*Writes, needs level full.* Does it.",
            "| `name` (required) | string | a \\| b |",
            '| `kind` | `x` or `y` | (default `"x"`) |',
            "| `code` | `0` or `all` |  |",
            "| `ids` | list of string |  |",
            "| `limit` | integer or null |  |",
        ):
            self.assertIn(line, text.splitlines())

    def test_levels(self):
        """The manual names the level that a tool needs, if it needs one."""
        for level, words in (
            (Level.READ_ONLY, "*Writes.* Does it."),
            (Level.DRAFT, "*Writes, needs level draft.* Does it."),
        ):
            lines = manual([evolve(tool({}), level=level)], []).splitlines()
            self.assertIn(words, lines)

    def test_members_and_older_names(self):
        """The members of objects are named, and older names of an argument."""
        row = {"type": "object", "properties": {"a": {}, "b": {}}}
        listed = {"properties": {"rows": {"type": "array", "items": row}}}
        accepted = {"properties": {"rows": {"x-also-named": ["lines"]}}}
        text = manual([evolve(tool(listed), accepts=accepted)], [])
        line = "| `rows` | list of object with `a`, `b` | (also `lines`) |"
        self.assertIn(line, text.splitlines())

    def test_unlisted_arguments(self):
        """What is accepted without being listed has a table of its own."""
        listed = {"type": "object", "properties": {"name": {"type": "string"}}}
        raw = {"type": "array", "items": {"type": "object"}, "description": "the raw"}
        accepted = {"properties": {"name": {"type": "string"}, "raw": raw}}
        text = manual([evolve(tool(listed), accepts=accepted)], [])
        below = text.partition("Also accepted, but not listed to models:")[2]
        self.assertIn("| `raw` | list of object | the raw |", below.splitlines())
        self.assertNotIn("`name`", below)
        self.assertNotIn("Also accepted", manual([tool(listed)], []))

    def test_older_names(self):
        """Names that are only callable are there, with what to use instead."""
        lines = manual([], []).splitlines()
        self.assertIn("| `get_account_info` | get_account |", lines)
        self.assertIn(
            "| `get_campaign_analytics_overview` | get_campaign_analytics |", lines
        )

    def test_effects(self):
        """The effect of a tool on the workspace comes first."""
        self.assertIn("*Reads.*", manual([tool({}, read_only=True)], []))
        self.assertIn(
            "*Writes or removes, needs level full.*",
            manual([], [tool({}, destructive=True)]),
        )
