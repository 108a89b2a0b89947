"""JSON in and out, with the cases that orjson refuses."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json import Encoded, Json, dumps, loads, loads_lenient

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=20,
)


class StrictTests(SynchronousTestCase):
    @settings(deadline=None)
    @given(values)
    def test_round_trip(self, value: Json) -> None:
        """What is encoded decodes to the same value, strictly and leniently."""
        encoded = dumps(value)
        self.assertEqual(loads(encoded), value)
        self.assertEqual(loads_lenient(encoded), value)

    @settings(deadline=None)
    @given(st.binary())
    def test_only_value_error(self, data: bytes) -> None:
        """Whatever bytes arrive, decoding fails with nothing but ValueError."""
        for decode in (loads, loads_lenient):
            try:
                decode(data)
            except ValueError:
                continue

    def test_refuses_what_is_not_json(self) -> None:
        """NaN, a trailing comma, a lone surrogate and broken UTF-8 are refused."""
        for data in (b"NaN", b"[1,]", b'"\\ud800"', b'"\xff"', b"", b"{'a': 1}"):
            with self.subTest(data=data):
                self.assertRaises(ValueError, loads, data)

    def test_refuses_deep_nesting(self) -> None:
        """A hundred thousand brackets are a ValueError, not a crash."""
        deep = b"[" * 100_000 + b"]" * 100_000
        self.assertRaises(ValueError, loads, deep)
        self.assertRaises(ValueError, loads_lenient, deep)


class LenientTests(SynchronousTestCase):
    def test_half_an_emoji(self) -> None:
        """A lone surrogate escape becomes a replacement, and the rest stays."""
        value = loads_lenient(b'{"subject": "Hi \\ud83d", "n": 1}')
        self.assertEqual(value, {"subject": "Hi \ufffd", "n": 1})
        self.assertIn("\ufffd", dumps(value).decode("utf-8"))

    @given(st.text(st.characters(categories=["Cs", "Lu"])))
    def test_any_surrogates(self, text: str) -> None:
        """Each lone surrogate becomes U+FFFD, pairs stay, no question mark appears."""
        [read] = loads_lenient(json.dumps([text]).encode())
        self.assertNotIn("?", read)
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self.assertEqual(read.rstrip("\ufffd"), whole.rstrip("\ufffd"))
        self.assertEqual(loads(dumps([read])), [read])

    def test_broken_utf8(self) -> None:
        """A byte that is no UTF-8 becomes U+FFFD."""
        self.assertEqual(loads_lenient(b'{"a": "x\xffy"}'), {"a": "x\ufffdy"})

    def test_constants_are_no_json(self) -> None:
        """NaN and Infinity stay refused."""
        for data in (b"NaN", b"[Infinity]", b'{"a": -Infinity}', b"[1e999]"):
            with self.subTest(data=data):
                self.assertRaises(ValueError, loads_lenient, data)


class DumpsTests(SynchronousTestCase):
    def test_compact(self) -> None:
        """Nothing is spent on white space, and text stays text."""
        self.assertEqual(
            dumps({"a": [1, "ä"], "b": None}), '{"a":[1,"ä"],"b":null}'.encode()
        )

    def test_lone_surrogate(self) -> None:
        """Text that is not UTF-8 is encoded with U+FFFD, never with a question mark."""
        self.assertEqual(dumps({"a": "x\ud83d"}), '{"a":"x\ufffd"}'.encode())

    def test_big_integers(self) -> None:
        """Integers beyond 64 bits are encoded exactly."""
        self.assertEqual(dumps([2**80]), b"[%d]" % 2**80)

    def test_encoded_parts(self) -> None:
        """JSON that is encoded already is copied in."""
        part = Encoded(b'{"x":1}')
        self.assertEqual(dumps({"a": part}), b'{"a":{"x":1}}')

    def test_encoded_parts_beside_big_integers(self) -> None:
        """Encoded parts survive the slow path as well."""
        whole = dumps({"a": Encoded(b'{"x":[1]}'), "b": 2**80, "c": (1,)})
        self.assertEqual(json.loads(whole), {"a": {"x": [1]}, "b": 2**80, "c": [1]})
