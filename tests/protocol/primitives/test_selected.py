"""What callers see of a list, by their rights."""

from __future__ import annotations

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.protocol.primitives import selected
from instantly_mcp.protocol.primitives.selected import SelectedItems, permits

LEVELS = st.sampled_from(Level)
TOOLSETS = st.none() | st.sampled_from("abc")
RIGHTS = st.builds(
    Rights,
    level=LEVELS,
    toolsets=st.none() | st.lists(st.sampled_from("abc"), unique=True).map(tuple),
)


@frozen
class Item:
    """An item of a list."""

    level: Level = Level.READ_ONLY
    toolset: str | None = None
    needs_credential: bool = True


ITEMS = st.lists(st.builds(Item, LEVELS, TOOLSETS), max_size=8)


class SelectedItemsTests(SynchronousTestCase):
    @given(ITEMS, RIGHTS)
    def test_what_is_seen(self, items: list[Item], rights: Rights) -> None:
        """An item is seen if level and toolset suffice; the order is kept."""
        expected = [
            item
            for item in items
            if item.level.rank <= rights.level.rank
            and (
                item.toolset is None
                or rights.toolsets is None
                or item.toolset in rights.toolsets
            )
        ]
        seen = SelectedItems(items).seen_with(rights)
        self.assertEqual(list(seen), expected)
        self.assertEqual([e for e in items if permits(rights, e)], expected)

    @given(ITEMS, RIGHTS, RIGHTS)
    def test_fewer_rights_show_no_more(
        self, items: list[Item], one: Rights, other: Rights
    ) -> None:
        """What is seen with narrowed rights is seen with the rights before."""
        some = SelectedItems(items)
        narrowed = one.narrowed(other.level, other.toolsets)
        seen = set(some.seen_with(narrowed))
        self.assertLessEqual(seen, set(some.seen_with(one)))
        self.assertLessEqual(seen, set(some.seen_with(other)))

    def test_one_object(self) -> None:
        """Equal rights give the same object; what hides nothing is the whole list."""
        some = SelectedItems([Item(), Item(Level.FULL, "a")])
        self.assertIs(some.seen_with(ALL_RIGHTS), some.all)
        self.assertIs(some.seen_with(Rights(toolsets=("b", "a"))), some.all)
        drafts = some.seen_with(Rights(level=Level.DRAFT, token="one"))
        self.assertIs(some.seen_with(Rights(level=Level.DRAFT)), drafts)

    def test_bounded(self) -> None:
        """The lists of only so many different rights are kept."""
        self.patch(selected, "MAX_SELECTIONS", 3)
        some = SelectedItems([Item(toolset="a")])
        for number in range(10):
            rights = Rights(toolsets=(f"{number}",))
            self.assertEqual(some.seen_with(rights), ())
            self.assertIs(some.seen_with(rights), some.seen_with(rights))
            self.assertLessEqual(len(some._seen), 3)

    def test_rare_selections_push_out_rare_ones(self) -> None:
        """The list that is used all the time stays the same object."""
        self.patch(selected, "MAX_SELECTIONS", 3)
        some = SelectedItems([Item(toolset="a"), Item(toolset="b")])
        usual = Rights(toolsets=("a",))
        first = some.seen_with(usual)
        for number in range(10):
            some.seen_with(Rights(toolsets=(f"{number}",)))
            self.assertIs(some.seen_with(usual), first)
