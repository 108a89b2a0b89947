"""Entries of the workspace book, by themselves and beside each other."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.workspaces.entry import (
    MAX_ALIAS_CHARACTERS,
    MAX_ENTRIES,
    RESERVED,
    WorkspaceEntry,
    below,
    mistake_in,
    mistake_in_alias,
    mistake_in_all,
)

ALIASES = st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True)


def with_file(alias: str, path: str = "") -> WorkspaceEntry:
    """Return an entry with a key file of its own."""
    return WorkspaceEntry(alias=alias, api_key_file=path or f"/keys/{alias}")


class AliasTests(SynchronousTestCase):
    @given(ALIASES.filter(lambda alias: alias not in RESERVED))
    def test_accepted(self, alias: str) -> None:
        """Lower-case letters, digits and single hyphens make an alias."""
        self.assertIsNone(mistake_in_alias(alias))

    @given(
        ALIASES, st.characters(exclude_characters=string.ascii_lowercase + "0123456789")
    )
    def test_other_characters(self, alias: str, other: str) -> None:
        """Any other character at the end is refused, a hyphen as well."""
        self.assertIsNotNone(mistake_in_alias(alias + other))

    def test_refused(self) -> None:
        """Words of the path, long names and strange forms are refused by name."""
        for alias in (*RESERVED, "", "-a", "a--b", "A", "a_b", "a/b", "é", "a\n"):
            self.assertIn(repr(alias), str(mistake_in_alias(alias)), alias)
        self.assertIsNone(mistake_in_alias("a" * MAX_ALIAS_CHARACTERS))
        self.assertIsNotNone(mistake_in_alias("a" * (MAX_ALIAS_CHARACTERS + 1)))


class EntryTests(SynchronousTestCase):
    def test_key_file_or_admin(self) -> None:
        """An entry has a key file, or an admin workspace and an id."""
        under = WorkspaceEntry(alias="a", under="agency", id="ws-1")
        self.assertIsNone(mistake_in(with_file("a")))
        self.assertIsNone(mistake_in(under))
        for wrong in (
            WorkspaceEntry(alias="a"),
            WorkspaceEntry(alias="a", api_key_file="/k", under="agency", id="ws-1"),
            WorkspaceEntry(alias="a", api_key_file="k"),
            WorkspaceEntry(alias="a", api_key_file="/k\0"),
            WorkspaceEntry(alias="a", api_key_file="/k", id="ws-1"),
            WorkspaceEntry(alias="a", under="agency"),
            WorkspaceEntry(alias="a", under="agency", id="ws 1"),
            WorkspaceEntry(alias="a", under="agency", id="x" * 65),
        ):
            self.assertTrue(str(mistake_in(wrong)).startswith("a"), wrong)

    def test_beside_each_other(self) -> None:
        """An admin workspace exists and has a key; no workspace has two aliases."""
        agency = with_file("agency")
        one = WorkspaceEntry(alias="one", under="agency", id="ws-1")
        for wrong in (
            WorkspaceEntry(alias="two", under="other", id="ws-2"),
            WorkspaceEntry(alias="two", under="one", id="ws-2"),
            WorkspaceEntry(alias="two", under="agency", id="ws-1"),
            with_file("two", "/keys/agency"),
        ):
            all_of_them = {each.alias: each for each in (agency, one, wrong)}
            self.assertEqual(list(mistake_in_all(all_of_them)), ["two"], wrong)
        self.assertEqual(mistake_in_all({"agency": agency, "one": one}), {})

    def test_number_is_limited(self) -> None:
        """More workspaces than the limit are refused, and the rest is accepted."""
        names = [f"w{number}" for number in range(MAX_ENTRIES + 1)]
        wrong = mistake_in_all({name: with_file(name) for name in names})
        self.assertEqual(list(wrong), [f"w{MAX_ENTRIES}"])

    def test_relative_key_files(self) -> None:
        """A relative key file is looked for in the folder that is given."""
        self.assertEqual(
            below(with_file("a", "k/a"), "/lists/").api_key_file, "/lists/k/a"
        )
        self.assertEqual(below(with_file("a", "/k/a"), "/lists").api_key_file, "/k/a")
        under = WorkspaceEntry(alias="a", under="agency", id="ws-1")
        self.assertEqual(below(under, "/lists"), under)
