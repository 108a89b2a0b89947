"""The registry of skills; their files as resources and as folders."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._rights import Level, Rights
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.primitives.skill_registry import (
    DIRECTORY_TYPE,
    ISkillRegistry,
    SkillRegistry,
    directories,
    skill_resources,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.versions import V2025_11_25, V2026_07_28
from tests.support.wire import check

from .test_skill import reference, skill

TRIP = skill()
ALONE = skill("alone", beside=(), toolset="travel", level=Level.DRAFT)
DEEP = skill("acme/more/deep", beside=[reference("a/b/c.md"), reference("d.md")])


class RegistryTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make a registry of two skills."""
        self.skills = SkillRegistry([TRIP, ALONE])

    def test_provides(self) -> None:
        """It provides ISkillRegistry."""
        self.assertTrue(verifyObject(ISkillRegistry, self.skills))

    def test_rights(self) -> None:
        """A caller sees the skills that its level and its toolsets permit."""
        for rights, seen in (
            (Rights(), [TRIP, ALONE]),
            (Rights(level=Level.READ_ONLY), [TRIP]),
            (Rights(toolsets=("other",)), [TRIP]),
            (Rights(level=Level.DRAFT, toolsets=("travel",)), [TRIP, ALONE]),
        ):
            self.assertEqual(list(self.skills.listed(rights)), seen)
            self.assertIs(self.skills.listed(rights), self.skills.listed(rights))

    def test_find(self) -> None:
        """A skill is found by exactly the URI of its SKILL.md."""
        self.assertIs(self.skills.find("skill://acme/plan-a-trip/SKILL.md"), TRIP)
        for uri in (
            "skill://acme/plan-a-trip",
            "skill://acme/plan-a-trip/",
            "skill://acme/plan-a-trip/references/dates.md",
            "SKILL://acme/plan-a-trip/SKILL.md",
            "skill://acme/plan%2Da-trip/SKILL.md",
            "",
        ):
            self.assertIsNone(self.skills.find(uri))


class ResourceTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make the resources of two skills."""
        self.skills = SkillRegistry([TRIP, ALONE])
        self.listed, self.others = skill_resources(self.skills)

    def test_only_main_files_are_listed(self) -> None:
        """Each SKILL.md is listed under the name of its skill, other files are not."""
        self.assertEqual(
            [(each.name, each.description, each.mime_type) for each in self.listed],
            [(s.name, s.description, "text/markdown") for s in (TRIP, ALONE)],
        )
        (other,) = self.others
        self.assertEqual(other.uri, "skill://acme/plan-a-trip/references/dates.md")

    def test_rights(self) -> None:
        """A file has the toolset and the level of its skill."""
        for each in (*self.listed, *self.others):
            skill = ALONE if "alone" in each.uri else TRIP
            self.assertEqual((each.toolset, each.level), (skill.toolset, skill.level))

    def test_read(self) -> None:
        """A read returns the bytes to which digest and size in the entry belong."""
        call = Call(caller=Caller(revision=V2026_07_28, credential=None))
        for each in (*self.listed, *self.others):
            (found,) = self.successResultOf(each.read(each.uri, {}, call))
            skill = ALONE if "alone" in each.uri else TRIP
            self.assertEqual(found.text, skill.files[each.uri].text)
            self.assertEqual(found.uri, each.uri)

    def test_a_file_that_is_gone(self) -> None:
        """A file that the caller's skill does not have is not found."""
        call = Call(caller=Caller(revision=V2025_11_25, credential=None))
        failure = self.failureResultOf(
            self.listed[0].read("skill://acme/plan-a-trip/more.md", {}, call),
            ProtocolError,
        )
        self.assertEqual(failure.value.code, -32002)


class DirectoryTests(SynchronousTestCase):
    def test_every_folder(self) -> None:
        """Each folder has its direct children: files first, then folders."""
        found = directories([TRIP, DEEP])
        names = {
            uri: [(child["name"], child["mimeType"]) for child in children]
            for uri, children in found.items()
        }
        folder, file = DIRECTORY_TYPE, "text/markdown"
        self.assertEqual(
            names,
            {
                "skill://acme": [("plan-a-trip", folder), ("more", folder)],
                "skill://acme/more": [("deep", folder)],
                "skill://acme/more/deep": [
                    ("deep", file),
                    ("d.md", file),
                    ("a", folder),
                ],
                "skill://acme/more/deep/a": [("b", folder)],
                "skill://acme/more/deep/a/b": [("c.md", file)],
                "skill://acme/plan-a-trip": [
                    ("plan-a-trip", file),
                    ("references", folder),
                ],
                "skill://acme/plan-a-trip/references": [("dates.md", file)],
            },
        )

    def test_fit(self) -> None:
        """Children fit the schema of resources, and folders lead to folders."""
        found = directories([TRIP, DEEP, ALONE])
        for children in found.values():
            for child in children:
                check("2026-07-28", "Resource", child)
                if child["mimeType"] == DIRECTORY_TYPE:
                    self.assertIn(child["uri"], found)

    def test_none(self) -> None:
        """Without skills there is no folder."""
        self.assertEqual(directories([]), {})
