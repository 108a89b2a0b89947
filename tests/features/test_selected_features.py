"""What each access level and each toolset offers."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.operation import Risk
from instantly_mcp.features.build import Features, build_features
from instantly_mcp.features.prompts.registry import PROMPTS
from instantly_mcp.features.resources.registry import RESOURCES, TEMPLATES
from instantly_mcp.features.tools.deprecated import ALIASES, OLDER_NAMES, REPLACED
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.features.toolsets import TOOLSETS, ToolSelection
from instantly_mcp.features.workspace.context import ServerFacts
from instantly_mcp.protocol.primitives.selected import permits
from tests.support.access import permissive_guard
from tests.support.instantly import RecordingInstantly
from tests.support.seals import new_seal

DRAFT = Rights(level=Level.DRAFT)
READ_ONLY = Rights(level=Level.READ_ONLY)


def built(selection: str) -> Features:
    """Build the features of a selection."""
    return build_features(
        RecordingInstantly(),
        Clock(),
        ServerFacts(name="n", version="1"),
        ToolSelection.parse(selection),
        guard=permissive_guard(),
        seal=new_seal(),
    )


def toolset(name: str) -> Rights:
    """Return the rights of a caller that names one toolset."""
    return Rights(toolsets=ToolSelection().narrowed_to(name))


class LevelTests(SynchronousTestCase):
    features = built("all")

    def names(self, rights: Rights) -> set[str]:
        """Return the names of the tools that a caller sees."""
        return {tool.name for tool in self.features.tools.listed(rights)}

    def test_read_only(self) -> None:
        """The level read-only shows every tool whose hints say so, and no other one."""
        expected = {
            each.name
            for each in DECLARATIONS
            if each.hints.read_only and not each.across
        }
        self.assertEqual(self.names(READ_ONLY), expected)

    def test_draft(self) -> None:
        """The level draft hides a tool if it forbids each of the tool's writes."""
        forbidden = {Risk.SENDS, Risk.SPENDS, Risk.DESTRUCTIVE, Risk.MASS}
        forbidden |= {Risk.EGRESS, Risk.ADMIN}
        hidden = set()
        for each in DECLARATIONS:
            used = [BY_ID[name] for name in (each.operation, *each.also) if name]
            writes = [operation for operation in used if not operation.effect.read_only]
            if writes and not any(
                op.stops or not forbidden & op.risks for op in writes
            ):
                hidden.add(each.name)
        self.assertEqual(self.names(ALL_RIGHTS) - self.names(DRAFT), hidden)
        for name in ("activate_campaign", "reply_to_email", "delete_lead"):
            self.assertIn(name, hidden)
        for name in ("create_campaign", "pause_campaign", "pause_account"):
            self.assertIn(name, self.names(DRAFT))
        self.assertLess(self.names(READ_ONLY), self.names(DRAFT))

    def test_older_names(self) -> None:
        """A deprecated name needs what its tool needs."""
        find = self.features.tools.find
        for old, new in ALIASES.items():
            one, other = find(old), find(new)
            assert one is not None
            assert other is not None
            self.assertEqual((one.level, one.toolset), (other.level, other.toolset))
        levels = {
            each.declaration.name: tool.level
            for each in REPLACED
            if (tool := find(each.declaration.name))
        }
        expected = dict.fromkeys(levels, Level.READ_ONLY)
        self.assertEqual(levels, {**expected, "manage_account_state": Level.DRAFT})

    def test_resources_and_prompts(self) -> None:
        """They only read, so each level shows all of them."""
        for rights in (READ_ONLY, DRAFT, ALL_RIGHTS):
            self.assertEqual(len(self.features.prompts.listed(rights)), len(PROMPTS))
            resources = self.features.resources
            skills = len(self.features.skills.listed(rights))
            self.assertEqual(skills, len(PROMPTS) + 1)
            found = len(resources.resources(rights))
            self.assertEqual(found, len(RESOURCES) + skills)
            self.assertEqual(len(resources.templates(rights)), len(TEMPLATES))


class ToolsetTests(SynchronousTestCase):
    def test_a_connection_and_a_server(self) -> None:
        """A caller that names a toolset sees what a server with that toolset offers."""
        everything = built("default")
        for name in TOOLSETS:
            with self.subTest(toolset=name):
                alone, rights = built(name), toolset(name)
                for one, other in (
                    (alone.tools.listed(), everything.tools.listed(rights)),
                    (alone.prompts.listed(), everything.prompts.listed(rights)),
                    (
                        alone.resources.resources(),
                        everything.resources.resources(rights),
                    ),
                    (
                        alone.resources.templates(),
                        everything.resources.templates(rights),
                    ),
                ):
                    self.assertEqual(
                        [each.name for each in one], [each.name for each in other]
                    )

    def test_each_belongs_to_one(self) -> None:
        """What reads a caller's own data belongs to a toolset, but for one resource."""
        used = {each.toolset for each in (*PROMPTS, *RESOURCES, *TEMPLATES)}
        self.assertLessEqual(used, {None, *TOOLSETS})
        for each in (*RESOURCES, *TEMPLATES):
            always = each.public or each.path == "workspace"
            self.assertEqual(each.toolset is None, always, each.title)

    def test_what_is_left_out(self) -> None:
        """A tool that the operator left out is known, and not callable.

        So is each older name of it.
        """
        tools = built("leads").tools
        for name in ("list_campaigns", "get_account_info", "manage_account_state"):
            self.assertIsNone(tools.find(name))
            self.assertTrue(tools.is_disabled(name))
        for name in ("list_leads", "get_server_info", "invented"):
            self.assertFalse(tools.is_disabled(name))
        everything = built("all").tools
        for name in (*OLDER_NAMES, *(each.name for each in DECLARATIONS)):
            self.assertFalse(everything.is_disabled(name))
        extra = built("default").tools
        self.assertTrue(extra.is_disabled("delete_campaign"))

    def test_older_names(self) -> None:
        """An older name is not callable without the toolset of its tool."""
        tools = built("all").tools
        for name in OLDER_NAMES:
            tool = tools.find(name)
            assert tool is not None
            for each in TOOLSETS:
                self.assertEqual(permits(toolset(each), tool), tool.toolset == each)
