"""Encoding and decoding JSON, with the cases that orjson refuses."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import (
    MAX_DEPTH,
    Encoded,
    Json,
    ascii_dumps,
    dumps,
    holds_more,
    loads,
    loads_cut,
    loads_lenient,
    nested_too_deeply,
    repeats_keys,
)

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
        """Decoding any bytes fails only with ValueError."""
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


def spelled(text: str) -> st.SearchStrategy[str]:
    """Return the ways in which JSON can write a text."""
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in text)
    return st.sampled_from((plain, escaped, escaped.upper().replace("\\U", "\\u")))


TEXTS = st.text(':"\\\\au0\n3, {}', max_size=6).flatmap(spelled).map('"{}"'.format)
KEYS = (
    st.sampled_from(("", "a", "b", ":", "\u00e9", "e\u0301", '"', "\\\\"))
    .flatmap(spelled)
    .map('"{}"'.format)
)
SPACES = st.sampled_from(("", " ", "\n\t"))


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return objects as texts, with possible duplicate keys."""
    member = st.builds("{}{}:{}{}".format, KEYS, SPACES, SPACES, inner)
    return st.lists(member, max_size=4).map(lambda parts: "{" + ",".join(parts) + "}")


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return arrays as texts."""
    return st.lists(inner, max_size=3).map(lambda parts: "[" + ", ".join(parts) + "]")


DOCUMENTS = st.recursive(
    TEXTS | st.sampled_from(("1", "true", "null", "-0.5e3", "123456789012345678901")),
    lambda inner: objects(inner) | arrays(inner),
    max_leaves=12,
)


def finds_twice(document: str) -> bool:
    """Detect duplicate keys with the standard library, which shows every pair."""
    found = []

    def look(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found.append(len(dict(pairs)) != len(pairs))
        return dict(pairs)

    json.loads(document, object_pairs_hook=look)
    return any(found)


class RepeatedKeyTests(SynchronousTestCase):
    """Duplicate keys are detected: two parsers may use different values of them."""

    def repeats(self, document: str) -> bool:
        data = document.encode()
        return repeats_keys(data, loads(data))

    @settings(deadline=None)
    @given(DOCUMENTS)
    def test_as_the_standard_library_finds_them(self, document: str) -> None:
        """Duplicates are found at every depth, with any escapes, between any texts."""
        self.assertEqual(self.repeats(document), finds_twice(document))

    def test_found(self) -> None:
        """Plain, escaped and empty duplicates are found, also near escaped colons."""
        for document in (
            '{"a": 1, "a": 1}',
            '{"method": 1, "\\u006dethod": 2}',
            '{"": 1, "" : 2}',
            '[{"x": [{"a": {}, "b": 0, "a": []}]}]',
            '{"a": "x\\u003ay", "a": 1}',
            '{"a": 1, "a": "\\u003A", "b\\u003a": "\\\\u003a"}',
        ):
            with self.subTest(document=document):
                self.assertTrue(self.repeats(document))

    def test_not_found(self) -> None:
        """One key in two objects and similar letters are not duplicates."""
        for document in (
            '[{"a": 1}, {"a": 1}]',
            '{"\u00e9": 1, "e\u0301": 2}',
            '{"a": "a:b\\u003Ac\\\\u003a", "u003a": 1}',
            '{"a": 1e4, "b": 123456789012345678901}',
        ):
            with self.subTest(document=document):
                self.assertFalse(self.repeats(document))

    def test_too_deep(self) -> None:
        """Text that is nested too deeply to be encoded is a ValueError."""
        data = b'{"a":' * 300 + b"1" + b"}" * 300
        self.assertRaises(ValueError, repeats_keys, data, loads(data))


def count_values(value: Json) -> int:
    """Count the members of all arrays and objects."""
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return 0
    return sum(1 + count_values(item) for item in inner)


class SizeTests(SynchronousTestCase):
    """The number of values is limited before the text is decoded."""

    @settings(deadline=None)
    @given(DOCUMENTS, st.integers(0, 12))
    def test_never_too_few(self, document: str, most: int) -> None:
        """A text with more values than the limit is always found."""
        data = document.encode()
        if count_values(loads(data)) > most and len(data) > 2 * most:
            self.assertTrue(holds_more(data, most))

    def test_what_stands_in_texts_does_not_count(self) -> None:
        """Commas, brackets and escaped quotes inside text are not counted."""
        mail = 'Hi, {"you"}: [a, b], \\\\ "quoted, too" ' * 20_000
        self.assertFalse(holds_more(dumps({"body": mail, "n": [1, 2]}), 100))

    def test_bounds(self) -> None:
        """A text at the limit is allowed, and one value more is not."""
        for part in (b"1", b'"a"', b"null", b'"\\\\,"'):
            for count in (1000, 1001):
                with self.subTest(part=part, count=count):
                    data = b"[" + b",".join([part] * count) + b"]"
                    self.assertEqual(holds_more(data, 1000), count > 1000)
        for part in (b"[[[]]]", b'{"a":1}'):
            with self.subTest(part=part):
                self.assertTrue(holds_more(b"[" + b",".join([part] * 501) + b"]", 1000))

    def test_keys(self) -> None:
        """Members of an object count one each."""
        members = b",".join(b'"%d": "a:,b"' % n for n in range(1001))
        self.assertTrue(holds_more(b"{" + members + b"}", 1000))
        self.assertFalse(holds_more(b"{" + members + b"}", 1001))


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
        """A byte that is not valid UTF-8 becomes U+FFFD."""
        self.assertEqual(loads_lenient(b'{"a": "x\xffy"}'), {"a": "x\ufffdy"})

    def test_constants_are_not_json(self) -> None:
        """NaN and Infinity stay refused."""
        for data in (b"NaN", b"[Infinity]", b'{"a": -Infinity}', b"[1e999]"):
            with self.subTest(data=data):
                self.assertRaises(ValueError, loads_lenient, data)


class CutTests(SynchronousTestCase):
    """Requests in which JavaScript cut an emoji in half."""

    def test_half_an_emoji(self) -> None:
        """Half an emoji becomes U+FFFD, in values and in names; pairs stay whole."""
        value = loads_cut(rb'{"a\ud83d": ["x\uD83D", "\ud83d\ude00"], "id": 7}')
        self.assertEqual(value, {"a\ufffd": ["x\ufffd", "\U0001f600"], "id": 7})

    def test_nothing_else_is_tolerated(self) -> None:
        """What is not JSON for another reason stays refused beside such a half."""
        for data in (
            b'["\\ud83d",]',
            b'["\\ud83d\xff"]',
            b'["\\ud83d", NaN]',
            b'"\xed\xa0\xbd"',
        ):
            with self.subTest(data=data):
                self.assertRaises(ValueError, loads_cut, data)

    @settings(deadline=None)
    @given(values)
    def test_as_strict_otherwise(self, value: Json) -> None:
        """JSON without such halves is read as always."""
        self.assertEqual(loads_cut(dumps(value)), value)


class DumpsTests(SynchronousTestCase):
    def test_compact(self) -> None:
        """The output has no white space, and text is not escaped."""
        self.assertEqual(
            dumps({"a": [1, "ä"], "b": None}), '{"a":[1,"ä"],"b":null}'.encode()
        )

    def test_lone_surrogate(self) -> None:
        """Text that is not UTF-8 is encoded with U+FFFD, never with a question mark."""
        self.assertEqual(dumps({"a": "x\ud83d"}), '{"a":"x\ufffd"}'.encode())

    @given(st.text(st.sampled_from('a\u0085\u2028\u2029\\"ä\ud83d\n')), st.booleans())
    def test_one_line(self, text: str, slow: bool) -> None:
        """No reader of lines finds one inside JSON, and the value stays the same."""
        encoded = dumps({text: [text, 2**80 if slow else 1]})
        self.assertEqual(len(encoded.decode().splitlines()), 1)
        [(name, [found, _])] = json.loads(encoded).items()
        whole = text.replace("\ud83d", "\ufffd")
        self.assertEqual((name, found), (whole, whole))

    def test_big_integers(self) -> None:
        """Integers beyond 64 bits are encoded exactly."""
        self.assertEqual(dumps([2**80]), b"[%d]" % 2**80)

    def test_ascii(self) -> None:
        """`ascii_dumps` writes the same value without a character beyond ASCII."""
        value = {"näme": ["…", "\u2028", "😀"]}
        self.assertTrue(ascii_dumps(value).isascii())
        self.assertEqual(loads(ascii_dumps(value)), value)

    def test_encoded_parts(self) -> None:
        """JSON that is already encoded is inserted unchanged."""
        part = Encoded(b'{"x":1}')
        self.assertEqual(dumps({"a": part}), b'{"a":{"x":1}}')

    def test_encoded_parts_beside_big_integers(self) -> None:
        """Encoded parts survive the slow path as well."""
        whole = dumps({"a": Encoded(b'{"x":[1]}'), "b": 2**80, "c": (1,)})
        self.assertEqual(json.loads(whole), {"a": {"x": [1]}, "b": 2**80, "c": [1]})


def nested(levels: int) -> Json:
    """Return a number inside this many lists."""
    value: Json = 7
    for _ in range(levels):
        value = [value]
    return value


class DepthTests(SynchronousTestCase):
    def test_counts_containers(self) -> None:
        """Exactly `MAX_DEPTH` levels of objects and lists are allowed."""
        self.assertFalse(nested_too_deeply(nested(MAX_DEPTH)))
        self.assertTrue(nested_too_deeply(nested(MAX_DEPTH + 1)))
        self.assertFalse(nested_too_deeply(7))
        self.assertTrue(nested_too_deeply({"a": nested(MAX_DEPTH)}))
