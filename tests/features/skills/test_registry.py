"""The skills: complete, true of the tools, and within the rights of the caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.features.prompts.registry import PROMPTS
from instantly_mcp.features.prompts.rendering import ASK_FIRST
from instantly_mcp.features.skills import registry
from instantly_mcp.features.skills.declarations import DELIVERABILITY, SKILLS
from instantly_mcp.features.skills.registry import SkillsByRights
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.features.toolsets import TOOLSETS
from instantly_mcp.protocol.primitives.skill import Skill
from instantly_mcp.protocol.primitives.skill_registry import ISkillRegistry
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from tests.features.feature_cases import FeatureTestCase
from tests.features.snapshot_files import every_tool
from tests.support.skill_wire import entry_problem

WORD = re.compile(r"(?<![\w.-])[a-z]+(?:_[a-z]+)+(?![\w-])")
"""A word such as ``list_leads``: the name of a tool, an argument or a member."""

TOOLS = {each.name for each in DECLARATIONS} | {"get_server_info"}
ARGUMENTS = {name for tool in every_tool() for name in tool.input_schema["properties"]}
CODES = {"out_of_office", "wrong_person", "meeting_booked", "meeting_completed"}
CODES |= {"not_interested", "no_show"}
MEMBERS = {"next_cursor", "thread_id", "reply_rate", "open_rate", "bounce_rate"}

SELECTIONS = [
    None,
    *(
        ("server", *sorted({one, other}))
        for one, other in product(
            [name for name in TOOLSETS if name != "server"], repeat=2
        )
    ),
]
EVERY_RIGHTS = [
    Rights(
        level=level, toolsets=None if chosen is None else tuple(dict.fromkeys(chosen))
    )
    for level, chosen in product(Level, SELECTIONS)
]


class SkillCase(FeatureTestCase):
    def skills(self, rights: Rights = ALL_RIGHTS) -> dict[str, Skill]:
        """Return the skills for some rights, by name."""
        listed = self.features.skills.listed(rights)
        return {skill.name: skill for skill in listed}

    def texts(self, rights: Rights) -> Iterator[tuple[str, str]]:
        """Return what this project wrote for these rights, by URI."""
        for skill in self.skills(rights).values():
            for uri, file in skill.files.items():
                if file.path != DELIVERABILITY.path:
                    yield uri, file.text


class EveryTextTests(SkillCase):
    def test_complete(self) -> None:
        """Each prompt has a skill with its title and toolset; one guide is added."""
        skills = self.skills()
        names = [each.write.__name__.replace("_", "-") for each in PROMPTS]
        self.assertEqual(list(skills), ["getting-started", *names])
        self.assertEqual(
            {each.prompt for each in SKILLS}, {p.write.__name__ for p in PROMPTS}
        )
        for prompt, name in zip(PROMPTS, names, strict=True):
            skill = skills[name]
            self.assertEqual(
                (skill.title, skill.toolset), (prompt.title, prompt.toolset)
            )
            self.assertTrue(skill.description.startswith(prompt.description))

    def test_entries(self) -> None:
        """Every entry fits the extension, and all are small."""
        for rights in EVERY_RIGHTS:
            for skill in self.skills(rights).values():
                self.assertIsNone(entry_problem(skill.as_object()))
                total = sum(file.size for file in skill.files.values())
                self.assertLess(total, 8000, skill.uri)
                self.assertLess(len(skill.description), 250, skill.uri)

    def test_one_text_for_both(self) -> None:
        """A skill has the steps of its prompt, and its rules."""
        skills = self.skills()
        for each in SKILLS:
            text = skills[each.name].files[skills[each.name].uri].text
            self.assertIn(ASK_FIRST, text)
            for step in each.steps:
                self.assertIn(step.text.partition("{")[0], text)

    def test_tools_exist(self) -> None:
        """Each tool that a text names is one that the caller has."""
        for rights in EVERY_RIGHTS:
            seen = {tool.name for tool in self.features.tools.listed(rights)}
            for uri, text in self.texts(rights):
                named = set(WORD.findall(text)) & TOOLS
                described = uri.endswith("/references/tools.md")
                if not described:
                    self.assertEqual(named - seen, set(), f"{uri} for {rights}")

    def test_words_exist(self) -> None:
        """Each other word with underscores is an argument or a member of a result."""
        for uri, text in self.texts(ALL_RIGHTS):
            unknown = set(WORD.findall(text)) - TOOLS - ARGUMENTS - CODES - MEMBERS
            self.assertEqual(unknown, set(), uri)

    def test_needs(self) -> None:
        """A step says which tools it names."""
        for each in SKILLS:
            for step in (*each.facts, *each.steps):
                named = set(WORD.findall(step.text)) & TOOLS
                self.assertLessEqual(named, set(step.needs), step.text)
                self.assertLessEqual(set(step.needs), TOOLS)
                self.assertEqual(set(WORD.findall(step.otherwise)) & TOOLS, set())

    def test_files_are_named(self) -> None:
        """SKILL.md names each file beside it by its relative path, and no other."""
        for rights in EVERY_RIGHTS:
            for skill in self.skills(rights).values():
                text = skill.files[skill.uri].text
                self.assertEqual(
                    re.findall(r"`(references/[^`]+)`", text),
                    [each.path for each in skill.beside],
                )


class RightsTests(SkillCase):
    def test_read_only(self) -> None:
        """A caller that may only read reads nothing about sending or starting."""
        rights = Rights(level=Level.READ_ONLY)
        for uri, text in self.texts(rights):
            for name in ("activate_campaign", "reply_to_email", "confirm_token"):
                self.assertNotIn(name, text, uri)
        for name in ("launch-preflight", "reply-triage", "morning-inbox"):
            skill = self.skills(rights)[name]
            self.assertIn("This connection may not", skill.files[skill.uri].text)

    def test_toolsets(self) -> None:
        """A caller with fewer toolsets sees the skills of these, and the guide."""
        rights = Rights(toolsets=("emails", "server"))
        skills = self.skills(rights)
        self.assertEqual(
            list(skills), ["getting-started", "morning-inbox", "reply-triage"]
        )
        guide = skills["getting-started"]
        self.assertEqual(guide.files[guide.uri].text.count("skill://"), 2)

    def test_workspaces(self) -> None:
        """A caller with several workspaces reads that it has to stay in one."""
        rights = Rights(workspaces=("blue", "red"))
        for name, skill in self.skills(rights).items():
            said = "the same workspace" in skill.files[skill.uri].text
            self.assertEqual(said, name != "getting-started")

    @given(st.sampled_from(EVERY_RIGHTS))
    def test_same_files_and_descriptions(self, rights: Rights) -> None:
        """Rights change texts, but neither which files there are nor descriptions."""
        every = {skill.uri: skill for skill in self.features.skills.listed()}
        for skill in self.features.skills.listed(rights):
            self.assertEqual(list(skill.files), list(every[skill.uri].files))
            self.assertEqual(skill.frontmatter, every[skill.uri].frontmatter)

    def test_digest_of_the_caller(self) -> None:
        """The digest belongs to the bytes that the same caller reads, in each era."""
        for rights, revision in product(EVERY_RIGHTS[::7], ALL_REVISIONS.values()):
            listed = self.ask("skills/list", {}, rights=rights, revision=revision)
            for skill in self.skills(rights).values():
                for uri, file in skill.files.items():
                    read = self.ask(
                        "resources/read", {"uri": uri}, rights=rights, revision=revision
                    )
                    self.assertEqual(read["contents"][0]["text"], file.text)
            self.assertEqual(
                [entry["resources"][0]["digest"] for entry in listed["skills"]],
                [s.files[s.uri].digest for s in self.skills(rights).values()],
            )


class RegistryTests(SkillCase):
    def test_provides(self) -> None:
        """It provides ISkillRegistry."""
        self.assertTrue(verifyObject(ISkillRegistry, self.features.skills))

    def test_same_object(self) -> None:
        """Equal rights get the same list, which is encoded once."""
        one, other = Rights(level=Level.DRAFT), Rights(level=Level.DRAFT)
        skills = self.features.skills
        self.assertIs(skills.listed(one), skills.listed(other))

    def test_bounded(self) -> None:
        """Texts are kept for few rights: callers can ask for many selections."""
        self.patch(registry, "MAX_KEPT", 3)
        skills = SkillsByRights(self.features.context)
        first = skills.listed()
        for rights in EVERY_RIGHTS:
            skills.listed(rights)
            skills.listed()
        self.assertIs(skills.listed(), first)
        self.assertEqual(len(skills._kept), 3)

    def test_no_key_needed(self) -> None:
        """Skills hold nothing of a workspace: they are read without a key."""
        for skill in self.skills().values():
            for uri in skill.files:
                self.ask("resources/read", {"uri": uri}, credential=None)
        self.assertEqual(self.instantly.ids, [])

    def test_listed_resources(self) -> None:
        """resources/list has each SKILL.md and no other file, in under 3 kB."""
        listed = self.ask("resources/list", {})["resources"]
        found = [each for each in listed if each["uri"].startswith("skill://")]
        self.assertEqual(
            [each["uri"] for each in found],
            [skill.uri for skill in self.skills().values()],
        )
        self.assertLess(len(str(found)), 3000)
