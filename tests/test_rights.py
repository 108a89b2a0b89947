"""Rights are narrowed, and never widened."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import ALL_RIGHTS, Level, Rights

LEVELS = st.sampled_from(Level)
NAMES = st.none() | st.lists(st.sampled_from("abcd"), unique=True)


class NarrowingTests(SynchronousTestCase):
    """What each place may do to the rights of the place before it."""

    @given(LEVELS, LEVELS)
    def test_the_lower_level_wins(self, one: Level, other: Level) -> None:
        """The result is the lower one of both levels, in either order."""
        narrowed = Rights(level=one).narrowed(level=other)
        self.assertEqual(narrowed.level.rank, min(one.rank, other.rank))

    @given(NAMES, NAMES)
    def test_only_toolsets_of_both_remain(
        self, one: list[str] | None, other: list[str] | None
    ) -> None:
        """A toolset remains if each place that names any names it."""
        narrowed = ALL_RIGHTS.narrowed(toolsets=one).narrowed(toolsets=other)
        named = [set(each) for each in (one, other) if each is not None]
        wanted = set.intersection(*named) if named else None
        seen = narrowed.toolsets
        self.assertEqual(None if seen is None else set(seen), wanted)

    def test_what_limits_nothing_changes_nothing(self) -> None:
        """Without a level and toolsets the rights are the same object."""
        rights = Rights(level=Level.DRAFT, token="t", workspaces=("a", "b"))
        self.assertIs(rights.narrowed(), rights)
        self.assertIs(rights.narrowed(level=Level.FULL), rights)

    def test_the_place_that_limits(self) -> None:
        """The rights name the place that set their level, not one that did nothing."""
        rights = ALL_RIGHTS.narrowed(Level.DRAFT, by="header")
        self.assertEqual(rights.level_by, "header")
        self.assertEqual(rights.narrowed(Level.FULL, by="query").level_by, "header")
        self.assertEqual(rights.narrowed(Level.DRAFT, by="path").level_by, "header")
        only_leads = rights.narrowed(toolsets=["leads"], by="path")
        self.assertEqual(only_leads.level_by, "header")
        self.assertEqual(rights, Rights(level=Level.DRAFT))

    @given(LEVELS, NAMES, LEVELS, NAMES)
    def test_what_is_included(
        self,
        level: Level,
        names: list[str] | None,
        other_level: Level,
        other_names: list[str] | None,
    ) -> None:
        """Rights include others that have no higher level and no further toolset."""
        one = ALL_RIGHTS.narrowed(level, names)
        other = ALL_RIGHTS.narrowed(other_level, other_names)
        expected = level.rank >= other_level.rank and (
            names is None or (other_names is not None and {*other_names} <= {*names})
        )
        self.assertEqual(one.includes(other), expected)

    def test_the_token_stays(self) -> None:
        """Narrowing loses neither the token nor the workspaces."""
        rights = Rights(token="t", token_name="Ann", workspaces=("a", "b"))
        narrowed = rights.narrowed(level=Level.READ_ONLY, toolsets=["leads"])
        self.assertEqual(narrowed.token, "t")
        self.assertEqual(narrowed.token_name, "Ann")
        self.assertEqual(narrowed.workspaces, ("a", "b"))
