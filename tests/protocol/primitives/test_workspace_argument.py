"""Lists to which the argument for the workspace is added."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.protocol.primitives import workspace_argument
from instantly_mcp.protocol.primitives.workspace_argument import ChoosingList
from tests.protocol.primitives.test_selected import Item


def named(item: Item, names: Sequence[str]) -> Item:
    """Return another item, as if it had one more argument."""
    return evolve(item, toolset=",".join(names))


class ChoosingListTests(SynchronousTestCase):
    def test_rare_choices_push_out_rare_ones(self) -> None:
        """The list of names that is used all the time stays the same object.

        No more lists are kept than the limit says.
        """
        self.patch(workspace_argument, "MAX_LISTS", 3)
        lists = ChoosingList(named)
        items = (Item(),)
        first = lists.listed(items, ("usual",))
        for number in range(10):
            lists.listed(items, (f"{number}",))
            self.assertIs(lists.listed(items, ("usual",)), first)
        self.assertEqual(len(lists._kept), 3)
