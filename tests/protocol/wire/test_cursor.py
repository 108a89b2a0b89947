"""Pages of lists: complete, in order, and only with cursors of this server."""

from __future__ import annotations

from cryptography.fernet import Fernet
from hypothesis import assume, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.wire.cursor import CURSOR_PURPOSE, Pager
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.state.sealed_tokens import TokenSealer
from tests.support.servers import FakeTokenSealer

KEY = Fernet.generate_key()


def pager(size: int) -> Pager:
    """Return a pager with a real seal."""
    return Pager(TokenSealer([KEY], lambda: 0.0), size)


class PagerTests(SynchronousTestCase):
    def refused(self, pages: Pager, cursor: Json) -> None:
        """The cursor is -32602."""
        with self.assertRaises(ProtocolError) as caught:
            pages.page("tools", range(10), cursor)
        self.assertEqual(caught.exception.code, -32602)

    @given(st.lists(st.integers(), max_size=30), st.integers(1, 40))
    def test_complete(self, items: list[int], size: int) -> None:
        """The pages together are the list; only the last has no cursor after it."""
        pages, seen = Pager(FakeTokenSealer(), size), list[int]()
        page, cursor = pages.page("tools", items, None)
        while cursor is not None:
            self.assertEqual(len(page), size)
            seen += page
            page, cursor = pages.page("tools", items, cursor)
        self.assertEqual(seen + list(page), items)
        self.assertEqual(bool(page), bool(items))

    @given(st.lists(st.integers(), max_size=20), st.lists(st.integers(), max_size=20))
    def test_changing(self, before: list[int], after: list[int]) -> None:
        """A cursor stays valid when the list changes; a page past the end is empty."""
        pages = Pager(FakeTokenSealer(), 3)
        _, cursor = pages.page("tools", before, None)
        if cursor is not None:
            page, following = pages.page("tools", after, cursor)
            self.assertEqual(list(page), after[3:6])
            self.assertEqual(following is None, len(after) <= 6)

    @given(st.data())
    def test_edited(self, data: st.DataObject) -> None:
        """A cursor with any change is refused."""
        pages = pager(3)
        _, cursor = pages.page("tools", range(10), None)
        assert cursor is not None
        place = data.draw(st.integers(0, len(cursor)))
        put = data.draw(st.text("Aa0-_.=", max_size=3))
        edited = cursor[:place] + put + cursor[place + data.draw(st.integers(0, 3)) :]
        assume(edited != cursor)
        self.refused(pages, edited)

    def test_not_ours(self) -> None:
        """Other types, other lists, other purposes and other keys are refused."""
        pages = pager(3)
        _, prompts = pages.page("prompts", range(10), None)
        state = TokenSealer([KEY], lambda: 0.0).seal("request-state", b'["tools",3]')
        foreign = TokenSealer([Fernet.generate_key()], lambda: 0.0).seal(
            CURSOR_PURPOSE, b'["tools",3]'
        )
        cursors: list[Json] = ["", "x", "3", 0, 3, True, [], {}]
        for cursor in [*cursors, prompts, state, foreign]:
            with self.subTest(cursor=cursor):
                self.refused(pages, cursor)

    def test_another_instance(self) -> None:
        """Instances that share their keys take each other's cursors."""
        _, cursor = pager(3).page("tools", range(10), None)
        page, _ = pager(4).page("tools", range(10), cursor)
        self.assertEqual(list(page), [3, 4, 5, 6])
