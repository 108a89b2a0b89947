"""The parser of server-sent events."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.bridge.http.sse import (
    MAX_RETRY_MS,
    EventParser,
    EventTooLarge,
    ServerEvent,
)
from instantly_mcp.pipeline.replies.channel import Event
from instantly_mcp.web.sse_writer import KEEP_ALIVE, encode


def parse(text: bytes, sizes: list[int] | None = None, limit: int = 10_000):
    """Return the events of a text that arrives in pieces of these sizes."""
    parser = EventParser(limit)
    found: list[ServerEvent] = []
    for size in sizes or [len(text)]:
        piece, text = text[:size], text[size:]
        found += parser.feed(piece)
    return [*found, *parser.feed(text)], parser


class EventParserTests(SynchronousTestCase):
    def test_fields(self):
        """Data, id and retry are read; names, comments and unknown fields are not."""
        found, parser = parse(
            b": hello\nevent: message\nid: a_1\nretry: 250\ndata: {}\nother: x\n\n"
        )
        self.assertEqual(found, [ServerEvent(b"{}", "a_1")])
        self.assertEqual((parser.last_id, parser.retry_ms), ("a_1", 250))

    def test_lines_of_data(self):
        """Lines of data are joined; one space after the colon is not part of them."""
        found, _ = parse(b"data:a\ndata:  b\ndata\ndata: c\n\n")
        self.assertEqual(found, [ServerEvent(b"a\n b\n\nc")])

    def test_id_lasts(self):
        """An event without an id has that of the one before; NUL makes it invalid."""
        found, _ = parse(b"id: 7\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\n")
        self.assertEqual([event.id for event in found], ["7", "7", "7"])

    def test_no_data(self):
        """An event without data is not one, but its id counts."""
        found, parser = parse(b"id: 8\n\n\n: x\n\n")
        self.assertEqual((found, parser.last_id), ([], "8"))

    def test_unfinished(self):
        """What the end of the stream cuts is not an event."""
        self.assertEqual(parse(b"data: a\n\ndata: b\n")[0], [ServerEvent(b"a")])

    def test_retry_is_limited(self):
        """A server cannot ask for a pause of years; what is not a number is ignored."""
        _, parser = parse(b"retry: 99999999999999999999\n\n")
        self.assertEqual(parser.retry_ms, MAX_RETRY_MS)
        _, parser = parse(b"retry: -1\nretry: 1e3\n\n")
        self.assertIsNone(parser.retry_ms)

    def test_endless_line(self):
        """A line without an end is refused at the limit."""
        parser = EventParser(1000)
        with self.assertRaises(EventTooLarge):
            for _ in range(2000):
                list(parser.feed(b"x"))

    def test_endless_event(self):
        """So is an event with ever more lines."""
        parser = EventParser(1000)
        with self.assertRaises(EventTooLarge):
            for _ in range(2000):
                list(parser.feed(b"data: \n"))

    def test_comments_do_not_add_up(self):
        """A stream can be idle for days: its keep-alive comments are not counted."""
        found, _ = parse(KEEP_ALIVE * 10_000 + b": x\n" * 10_000, limit=1000)
        self.assertEqual(found, [])

    @given(
        events=st.lists(
            st.builds(
                Event,
                data=st.binary(max_size=30).filter(lambda data: b"\r" not in data),
                id=st.from_regex(r"[a-f0-9]{1,8}_[0-9]{1,4}", fullmatch=True),
            ),
            max_size=6,
        ),
        sizes=st.lists(st.integers(0, 7), max_size=40),
        end=st.sampled_from([b"\n", b"\r", b"\r\n"]),
        mark=st.booleans(),
    )
    def test_reads_what_the_daemon_writes(self, events, sizes, end, mark):
        """Each event of the daemon's encoder is read, in pieces and with any ends."""
        text = b"".join(map(encode, events)).replace(b"\n", end)
        if mark:
            text = b"\xef\xbb\xbf" + text
        found, _ = parse(text, sizes)
        self.assertEqual(found, [ServerEvent(e.data, e.id) for e in events])

    @given(text=st.binary(max_size=80), sizes=st.lists(st.integers(0, 9), max_size=30))
    def test_pieces_do_not_matter(self, text, sizes):
        """Any text means the same in one piece and in many."""
        text = re.sub(rb"[^\r\n]", lambda m: b"daita:"[m[0][0] % 6 :][:2], text)
        self.assertEqual(parse(text, sizes)[0], parse(text)[0])
