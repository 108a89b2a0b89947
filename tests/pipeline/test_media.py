"""Reading Accept: what a client can read, generously, but q=0 means no."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.media import (
    JSON,
    STREAM,
    Readable,
    names_stream,
    preferred,
    read_accept,
)

EVERYTHING = (
    f"{JSON}, {STREAM}",
    f"{STREAM}, {JSON}",
    f"{JSON},{STREAM}",
    f"{JSON};q=0.9, {STREAM};q=0.1",
    f"{JSON} ; charset=utf-8 , {STREAM} ; q=1.000",
    "Application/JSON, Text/Event-Stream",
    f"text/html, {JSON}, {STREAM}, */*;q=0.1",
)

REPAIRED = (
    "",
    "*/*",
    "application/*",
    "text/*",
    STREAM,
    f"{JSON}, */*;q=0.1",
    "*/*;q=0.1",
    "text/html, */*;q=0.8",
    "rubbish",
    ",,,",
    ";q=0",
)

ONLY_JSON = (
    JSON,
    f"{JSON}; q=0.001",
    f"{JSON}; charset=utf-8",
    f"text/html, {JSON}",
    f"{JSON}, application/*",
    f"{JSON};q=high",
    f'{JSON};profile="a,b;q=0"',
    f'{JSON};profile="a\\",{STREAM};q=0"',
)

NO_STREAM = (
    f"{JSON}, {STREAM};q=0",
    f"{STREAM};q=0.0, {JSON}",
    f"{STREAM};q=0.000, */*",
    "application/*, text/*;q=0",
    f'{JSON};profile="x,y", {STREAM};Q=0',
)

NO_JSON = (
    f"{STREAM}, {JSON};q=0",
    f"*/*, {JSON};q=0",
    "text/*, application/*;q=0",
)

NEITHER = (
    "text/html",
    "image/png, text/html;q=0.9",
    "*/*;q=0",
    f"{JSON};q=0, {STREAM};q=0",
    f"{JSON};q=0",
    "application/*;q=0, text/*;q=0, image/png",
)


class ReadAcceptTests(SynchronousTestCase):
    """`read_accept`."""

    def assert_read(self, values: tuple[str, ...], expected: Readable) -> None:
        """Each of the values must read so."""
        for value in values:
            self.assertEqual(read_accept(value), expected, value)

    def test_complete(self) -> None:
        """Who names both types can read both, and nothing needs repair."""
        self.assert_read(EVERYTHING, Readable(json=True, stream=True, complete=True))

    def test_repaired(self) -> None:
        """Event streams alone, a wildcard, or nothing readable stand for both types."""
        self.assert_read(REPAIRED, Readable(json=True, stream=True, complete=False))

    def test_only_json(self) -> None:
        """A client that names JSON and nothing that covers streams reads no streams."""
        self.assert_read(ONLY_JSON, Readable(json=True, stream=False, complete=False))

    def test_no_stream(self) -> None:
        """A q=0 on the stream, by the most specific range, is honored."""
        for value in NO_STREAM:
            readable = read_accept(value)
            self.assertEqual((readable.json, readable.stream), (True, False), value)

    def test_no_json(self) -> None:
        """A q=0 on JSON, by the most specific range, is honored."""
        for value in NO_JSON:
            readable = read_accept(value)
            self.assertEqual((readable.json, readable.stream), (False, True), value)

    def test_neither(self) -> None:
        """Who accepts only other types, or excludes both, can read neither."""
        self.assert_read(NEITHER, Readable(json=False, stream=False, complete=False))

    @given(st.text(max_size=200))
    def test_no_text_breaks_it(self, text: str) -> None:
        """Any text is read."""
        read_accept(text)
        names_stream(text)

    @given(
        st.dictionaries(
            st.sampled_from([JSON, STREAM, "*/*", "application/*", "text/*", "a/b"]),
            st.integers(0, 1000),
            min_size=1,
        ),
        st.booleans(),
    )
    def test_follows_the_rfc(self, weights: dict[str, int], spaced: bool) -> None:
        """For any ranges and weights the most specific range decides; a type that no
        range covers is taken to be readable, but for streams beside JSON by name.
        """
        gap = " , " if spaced else ","
        header = gap.join(f"{name};q={q / 1000:.3f}" for name, q in weights.items())

        def weight(kind: str) -> int | None:
            wild = f"{kind.partition('/')[0]}/*"
            ranges = [name for name in (kind, wild, "*/*") if name in weights]
            return weights[ranges[0]] if ranges else None

        json, stream = weight(JSON), weight(STREAM)
        readable = read_accept(header)
        if json or stream:
            self.assertEqual(readable.json, json != 0)
            only_json = stream is None and JSON in weights
            self.assertEqual(readable.stream, stream != 0 and not only_json)
        else:
            self.assertFalse(readable.json or readable.stream)

    def test_long_headers_are_linear(self) -> None:
        """A header made to be split badly is read in one pass."""
        for hostile in ('"' * 60_000, '"\\' * 30_000, ",;" * 30_000, "a/b;" * 15_000):
            read_accept(hostile)


class NamesStreamTests(SynchronousTestCase):
    """`names_stream`."""

    def test_named(self) -> None:
        """The stream's type by name, in any company and case, is a wish for it."""
        for value in (STREAM, *EVERYTHING, f"{STREAM};q=0.5", "Text/Event-Stream"):
            self.assertTrue(names_stream(value), value)

    def test_not_named(self) -> None:
        """A wildcard, a q=0, or something that only looks like it, does not count."""
        for value in (
            "",
            "*/*",
            "text/*",
            JSON,
            f"{STREAM};q=0",
            f"{STREAM}s",
            f'a/b;x="{STREAM}"',
            f'a/b;x=",{STREAM},"',
        ):
            self.assertFalse(names_stream(value), value)


class PreferredTests(SynchronousTestCase):
    """`preferred`."""

    def test_preferred(self) -> None:
        """The type with the highest weight, the default among equals, or none."""
        for value, expected in (
            ("", "text/html"),
            ("*/*", "text/html"),
            (JSON, JSON),
            ("text/html;q=0.2, application/*;q=0.3", JSON),
            ("text/html, application/json", "text/html"),
            ("text/*;q=0, */*;q=0.1", JSON),
            (STREAM, None),
            ("*/*;q=0", None),
            ("nonsense", "text/html"),
        ):
            self.assertEqual(preferred(value, ("text/html", JSON)), expected, value)
