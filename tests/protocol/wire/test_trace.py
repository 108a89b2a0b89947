"""The OpenTelemetry context of a request: read when valid, else ignored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.wire.trace import MAX_BAGGAGE_CHARS, trace_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"

HEX = "0123456789abcdef"


def words(size: int) -> st.SearchStrategy[str]:
    """Draw hexadecimal digits, not all of them zero."""
    return st.text(HEX, min_size=size, max_size=size).filter(lambda w: set(w) != {"0"})


class TraceTests(SynchronousTestCase):
    def tracestate(self, state: Json) -> str | None:
        """Return the tracestate that is read."""
        trace = trace_of({"traceparent": PARENT, "tracestate": state})
        assert trace is not None
        return trace.tracestate

    def baggage(self, baggage: Json) -> str | None:
        """Return the baggage that is read."""
        trace = trace_of({"traceparent": PARENT, "baggage": baggage})
        assert trace is not None
        return trace.baggage

    @given(words(32), words(16), st.text(HEX, min_size=2, max_size=2))
    def test_valid(self, trace_id: str, span: str, flags: str) -> None:
        """Every well-formed parent is read, and its trace id is in it."""
        trace = trace_of({"traceparent": f"00-{trace_id}-{span}-{flags}"})
        assert trace is not None
        self.assertEqual(trace.trace_id, trace_id)
        self.assertIsNone(trace.tracestate)
        self.assertIsNone(trace.baggage)

    @given(st.text("0af-", min_size=50, max_size=60) | st.text())
    def test_what_is_read_is_safe(self, parent: str) -> None:
        """For any input the result is None or lower-case ASCII of a fixed length."""
        trace = trace_of({"traceparent": parent})
        if trace is not None:
            self.assertRegex(trace.traceparent, r"\A[0-9a-f-]{55}\Z")

    def test_malformed(self) -> None:
        """A malformed parent is ignored, and so is everything that came with it."""
        parents: list[Json] = [
            None,
            7,
            [],
            "",
            PARENT.upper(),
            PARENT + "-00",
            PARENT + "\n",
            " " + PARENT,
            f"ff-{TRACE}-b7ad6b7169203331-01",
            f"00-{'0' * 32}-b7ad6b7169203331-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE}-b7ad6b7169203331",
        ]
        for parent in parents:
            with self.subTest(parent=parent):
                meta = {"traceparent": parent, "tracestate": "a=1", "baggage": "b=2"}
                self.assertIsNone(trace_of(meta))
        metas: list[Json] = [None, [], "x", 7, {}]
        for meta in metas:
            self.assertIsNone(trace_of(meta))

    def test_tracestate(self) -> None:
        """A tracestate is a list of members in the W3C form; others are ignored."""
        for state in ("a=1", "a=1,b=2", "a=1, b=2", "t@v=x/y", "a=1,,b=2"):
            self.assertEqual(self.tracestate(state), state)
        wrong: list[Json] = [
            None,
            7,
            "a",
            "A=1",
            "a=",
            "a=1\r\nX: y",
            "a=é",
            ",".join(f"k{number}=1" for number in range(33)),
            "a=" + "x" * 511,
        ]
        for state in wrong:
            with self.subTest(state=state):
                self.assertIsNone(self.tracestate(state))

    def test_baggage(self) -> None:
        """Baggage is printable ASCII of a bounded length; other is ignored."""
        for baggage in (
            "a=1",
            "a=1;p=2,b=%C3%A9",
            "a=" + "x" * (MAX_BAGGAGE_CHARS - 2),
        ):
            self.assertEqual(self.baggage(baggage), baggage)
        wrong: list[Json] = [
            None,
            7,
            "",
            "nothing",
            "a=é",
            "a=1\r\nX: y",
            "a=\x00",
            "a=" + "x" * (MAX_BAGGAGE_CHARS - 1),
        ]
        for baggage in wrong:
            with self.subTest(baggage=str(baggage)[:20]):
                self.assertIsNone(self.baggage(baggage))
