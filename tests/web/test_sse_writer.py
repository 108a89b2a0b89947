"""Tests for the encoding of server-sent events."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.replies.channel import Event
from instantly_mcp.web.sse_writer import KEEP_ALIVE, encode

line = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
events = st.builds(
    Event,
    data=text.map(str.encode),
    name=st.none() | line.filter(bool),
    id=st.none() | line,
    retry=st.none() | st.integers(0, 10**6),
)


def read(stream: bytes) -> list[dict[str, str]]:
    """Read a stream as the HTML standard prescribes for browsers."""
    found: list[dict[str, str]] = []
    current: dict[str, str] = {}
    for row in re.split("\r\n|\r|\n", stream.decode("utf-8")):
        if row == "":
            if "data" in current:
                found.append(current)
            current = {}
            continue
        name, _, value = row.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and "data" in current:
            current["data"] += "\n" + value
        elif name:
            current[name] = value
    return found


class EncodeTests(SynchronousTestCase):
    @given(st.lists(events, max_size=5))
    def test_a_reader_reads_what_was_written(self, written):
        """Whatever is written is read back, event for event, among comments."""
        stream = KEEP_ALIVE.join([b"", *map(encode, written), b""])
        expected = []
        for event in written:
            data = re.sub("\r\n|\r", "\n", event.data.decode())
            fields = {"event": event.name, "id": event.id, "retry": event.retry}
            known = {k: str(v) for k, v in fields.items() if v is not None}
            expected.append({"data": data, **known})
        self.assertEqual(read(stream), expected)

    def test_an_empty_event_has_a_data_line(self):
        """An event that only carries an id is still dispatched by clients."""
        written = encode(Event(data=b"", id="7", retry=500))
        self.assertIn(b"\ndata:", written)
        self.assertEqual(read(written), [{"id": "7", "retry": "500", "data": ""}])

    def test_fields_cannot_break_out_of_their_line(self):
        """An id or a name of two lines is refused."""
        for event in (Event(data=b"", id="a\nb"), Event(data=b"", name="a\rdata: b")):
            with self.assertRaises(ValueError):
                encode(event)
