"""Skills: the file SKILL.md, the entry that describes it, and what is refused."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, loads
from instantly_mcp.protocol.primitives.skill import (
    MAX_DESCRIPTION_CHARS,
    MAX_FILES,
    MAX_NAME_CHARS,
    Skill,
    SkillFile,
)
from tests.support.skill_wire import entry_problem

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80)


def reference(path: str = "references/dates.md", text: str = "# Dates\n") -> SkillFile:
    """Return a supporting file."""
    return SkillFile(path=path, title="Dates", description="Some dates.", text=text)


def skill(folder: str = "acme/plan-a-trip", **settings: Any) -> Skill:
    """Return a skill with one reference, and other settings."""
    settings.setdefault("beside", [reference()])
    return Skill(
        folder=folder,
        title="Plan a trip",
        description=settings.pop("description", "Plans a trip. Use it to travel."),
        body=settings.pop("body", "# Plan a trip\n\nRead `references/dates.md`.\n"),
        **settings,
    )


def head_of(text: str) -> dict[str, Json]:
    """Return the frontmatter of a ``SKILL.md``: its values are written as JSON."""
    opening, head, _ = text.split("---\n", 2)
    assert opening == "", text
    lines = (line.partition(": ") for line in head.splitlines())
    return {name: loads(value.encode()) for name, _, value in lines}


class MainFileTests(SynchronousTestCase):
    def test_text(self) -> None:
        """SKILL.md begins with the frontmatter, and the instructions follow."""
        text = skill(extra={"license": "MIT"}).files[skill().uri].text
        self.assertEqual(
            text,
            '---\nname: "plan-a-trip"\n'
            'description: "Plans a trip. Use it to travel."\nlicense: "MIT"\n---\n\n'
            "# Plan a trip\n\nRead `references/dates.md`.\n",
        )

    @given(TEXT, st.dictionaries(st.from_regex("[a-z]{1,8}", fullmatch=True), TEXT))
    def test_head_is_the_entry(self, description: str, metadata: Json) -> None:
        """Whatever its texts contain, file and entry have the same frontmatter."""
        made = skill(description=description, extra={"metadata": metadata})
        self.assertEqual(head_of(made.files[made.uri].text), made.frontmatter)
        self.assertEqual(made.as_object()["frontmatter"], made.frontmatter)


class EntryTests(SynchronousTestCase):
    def test_entry(self) -> None:
        """The entry has every file once, with the digest and size of its bytes."""
        made = skill(beside=[reference(text="Größe\n")])
        entry = made.as_object()
        self.assertIsNone(entry_problem(entry))
        self.assertEqual(entry["uri"], "skill://acme/plan-a-trip/SKILL.md")
        self.assertEqual(
            [file["uri"] for file in entry["resources"]],
            [entry["uri"], "skill://acme/plan-a-trip/references/dates.md"],
        )
        for file in entry["resources"]:
            content = made.files[file["uri"]].text.encode()
            self.assertEqual(file["size"], len(content))
            self.assertEqual(file["digest"], f"sha256:{sha256(content).hexdigest()}")

    def test_without_a_prefix(self) -> None:
        """A skill may be at the top of the name space, and have one file."""
        entry = skill("alone", beside=()).as_object()
        self.assertIsNone(entry_problem(entry))
        self.assertEqual(entry["uri"], "skill://alone/SKILL.md")


class RefusedTests(SynchronousTestCase):
    def refused(self, **settings: Any) -> None:
        """Check that a skill with these settings cannot be made."""
        with self.subTest(settings=str(settings)[:80]), self.assertRaises(ValueError):
            skill(**settings)

    def test_names(self) -> None:
        """The name follows the rules of Agent Skills."""
        for name in ("Plan", "plan--a", "-plan", "plan-", "plan_a", "plan.a", "plän"):
            self.refused(folder=name)
        self.refused(folder="a" * (MAX_NAME_CHARS + 1))
        self.assertEqual(len(skill("a" * MAX_NAME_CHARS).name), MAX_NAME_CHARS)

    def test_paths(self) -> None:
        """No path is empty, leads upwards, or needs percent-encoding."""
        for path in ("", "/a", "a/", "a//b", "..", "../a", "a/../b", "./a", "a b", "ä"):
            with self.subTest(path=path), self.assertRaises(ValueError):
                reference(path)
            self.refused(folder=f"{path}/plan/")
        for path in ("a%2e", "a?b", "a#b", "a\\b", "a:b", "a\n"):
            with self.subTest(path=path), self.assertRaises(ValueError):
                reference(path)

    def test_descriptions(self) -> None:
        """The description is not empty and not too long."""
        self.refused(description="")
        self.refused(description="x" * (MAX_DESCRIPTION_CHARS + 1))

    def test_two_files_with_one_path(self) -> None:
        """Two files cannot have the same path, nor one that of SKILL.md."""
        self.refused(beside=[reference(), reference()])
        self.refused(beside=[reference("SKILL.md")])

    def test_too_many_files(self) -> None:
        """More files than every host accepts are refused."""
        self.refused(beside=[reference(f"r/{n}.md") for n in range(MAX_FILES)])

    def test_too_large(self) -> None:
        """More bytes than every host accepts are refused."""
        self.refused(body="x" * (16 * 1024 * 1024))
