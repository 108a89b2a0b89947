"""Arguments that are repeated in headers: the header agrees, or is refused."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from hypothesis import assume, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.param_headers import (
    ParamHeader,
    check_param_headers,
    param_headers_in,
)
from tests.support.exchanges import headers

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "deep": {
            "type": "object",
            "properties": {
                "count": {"type": "integer", "x-mcp-header": "X-Count"},
                "flag": {"type": "boolean", "x-mcp-header": "flag"},
            },
        },
        "plain": {"type": "string"},
    },
}
MIRRORED = param_headers_in(SCHEMA)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
safe = st.text("abcXYZ019 -_.:/,;", min_size=1, max_size=20).filter(
    lambda text: text == text.strip()
)


def sentinel(text: str) -> str:
    """Write a header value as clients do that cannot write it plainly."""
    return f"=?base64?{b64encode(text.encode()).decode('ascii')}?="


def agrees(
    arguments: Json,
    given: Mapping[str, str | Sequence[str]],
    mirrored: Sequence[ParamHeader] = MIRRORED,
) -> bool:
    """Say whether headers agree with arguments; they are refused with -32020 only."""
    fields = {f"mcp-param-{name}": value for name, value in given.items()}
    try:
        check_param_headers(mirrored, arguments, headers(fields))
    except ProtocolError as error:
        if (error.code, error.status) != (-32020, 400):
            raise
        return False
    return True


class SchemaTests(SynchronousTestCase):
    def test_found(self) -> None:
        """Each annotated property is found at its path; header names are lowered."""
        self.assertEqual(
            list(MIRRORED),
            [
                ParamHeader(("region",), "mcp-param-region", "string"),
                ParamHeader(("deep", "count"), "mcp-param-x-count", "integer"),
                ParamHeader(("deep", "flag"), "mcp-param-flag", "boolean"),
            ],
        )

    def test_none(self) -> None:
        """Most schemas have none."""
        schemas: list[JsonObject] = [{}, {"type": "object"}, {"properties": {}}]
        for schema in schemas:
            self.assertEqual(list(param_headers_in(schema)), [])

    def test_properties_of_any_name(self) -> None:
        """A property may be called like a keyword of JSON Schema."""
        inner = {"type": "string", "x-mcp-header": "P"}
        for name in ("properties", "items", "x-mcp-header", "$defs"):
            [found] = param_headers_in({"properties": {name: inner}})
            self.assertEqual(found.path, (name,))

    def test_refused(self) -> None:
        """An annotation that no client could follow is refused when it is written."""
        fine: JsonObject = {"type": "string", "x-mcp-header": "A"}
        wrong: list[JsonObject] = [
            {"type": "number", "x-mcp-header": "A"},
            {"type": ["string", "null"], "x-mcp-header": "A"},
            {"x-mcp-header": "A"},
            {"type": "string", "x-mcp-header": ""},
            {"type": "string", "x-mcp-header": "a b"},
            {"type": "string", "x-mcp-header": 7},
            {"type": "array", "items": fine},
            {"type": "object", "anyOf": [{"properties": {"b": fine}}]},
            {"type": "object", "patternProperties": {"^b": fine}},
            {"type": "object", "properties": {"b": {"not": {"items": fine}}}},
        ]
        for schema in wrong:
            with self.subTest(schema=schema), self.assertRaises(ValueError):
                param_headers_in({"properties": {"a": schema}})
        twice = {**fine, "x-mcp-header": "a"}
        with self.assertRaises(ValueError):
            param_headers_in(
                {"properties": {"a": fine, "b": {"properties": {"c": twice}}}}
            )

    def test_no_schemas(self) -> None:
        """Boolean schemas and malformed properties have no annotation."""
        schemas: list[JsonObject] = [
            {"properties": {"a": True}},
            {"properties": []},
            {"properties": {"a": {"items": False, "anyOf": [True]}}},
        ]
        for schema in schemas:
            self.assertEqual(list(param_headers_in(schema)), [])


class CheckTests(SynchronousTestCase):
    @given(texts)
    def test_text(self, text: str) -> None:
        """Every text can be repeated, if need be in its encoded form."""
        self.assertTrue(agrees({"region": text}, {"region": sentinel(text)}))

    @given(safe)
    def test_plain_text(self, text: str) -> None:
        """A text that a header can hold is repeated as it is."""
        self.assertTrue(agrees({"region": text}, {"region": text}))
        self.assertTrue(agrees({"region": text}, {"region": f" {text}\t"}))

    @given(texts, texts)
    def test_other_text(self, text: str, other: str) -> None:
        """A header never matches another text, nor one in another case."""
        assume(text != other)
        self.assertFalse(agrees({"region": text}, {"region": sentinel(other)}))

    @given(st.integers(-(2**53), 2**53))
    def test_integers(self, number: int) -> None:
        """An integer is repeated in decimal, and compared as a number."""
        arguments = {"deep": {"count": number}}
        for written in (str(number), f"{number}.0", sentinel(str(number))):
            self.assertTrue(agrees(arguments, {"x-count": written}))
        self.assertTrue(
            agrees({"deep": {"count": float(number)}}, {"x-count": str(number)})
        )

    @given(
        st.integers(),
        st.text("0123456789_.eE+- ٣x", max_size=8) | st.integers().map(str),
    )
    def test_other_integers(self, number: int, written: str) -> None:
        """Numbers that readers could interpret differently are refused."""
        if agrees({"deep": {"count": number}}, {"x-count": written}):
            self.assertEqual(float(written), float(number))
            self.assertRegex(written.strip(), r"\A-?[0-9]+(\.0*)?\Z")

    def test_odd_numbers(self) -> None:
        """A text that is not a number is refused without a failure."""
        for written in ("", "NaN", "sNaN", "Infinity", "1e999999999", "0x10", "1_0"):
            with self.subTest(written=written):
                self.assertFalse(agrees({"deep": {"count": 10}}, {"x-count": written}))

    @given(st.booleans(), st.text("truefalsTF01", max_size=5))
    def test_booleans(self, value: bool, written: str) -> None:
        """A boolean is the word true or the word false."""
        right = "true" if value else "false"
        self.assertEqual(
            agrees({"deep": {"flag": value}}, {"flag": written}), written == right
        )
        self.assertTrue(agrees({"deep": {"flag": value}}, {"flag": right}))

    def test_missing(self) -> None:
        """An argument that is there has to be repeated, the falsy ones too."""
        for arguments in (
            {"region": ""},
            {"deep": {"count": 0}},
            {"deep": {"flag": False}},
        ):
            self.assertFalse(agrees(arguments, {}))

    def test_absent(self) -> None:
        """One that is absent or null has no header, and may have none."""
        absent: list[Json] = [
            {},
            {"region": None},
            {"deep": None},
            {"deep": 7},
            {"deep": {"count": None}},
        ]
        for arguments in absent:
            with self.subTest(arguments=arguments):
                self.assertTrue(agrees(arguments, {}))
                self.assertFalse(agrees(arguments, {"region": "x"}))
                self.assertFalse(agrees(arguments, {"x-count": "0"}))

    def test_repeated(self) -> None:
        """Two values are refused, also if they agree."""
        self.assertFalse(agrees({"region": "x"}, {"region": ["x", "x"]}))
        self.assertFalse(agrees({}, {"region": ["x", "x"]}))

    def test_sentinels(self) -> None:
        """A broken sentinel is refused; a text that only resembles one is literal."""
        for written, meant, fine in (
            ("=?base64?SGVsbG8=?=", "Hello", True),
            ("=?base64?SGVsbG8?=", "Hello", False),
            ("=?base64?SGVs!!!bG8=?=", "Hello", False),
            ("SGVsbG8=", "SGVsbG8=", True),
            ("=?base64?SGVsbG8=", "=?base64?SGVsbG8=", True),
            ("=?base64?=", "=?base64?=", True),
        ):
            with self.subTest(written=written):
                self.assertEqual(agrees({"region": meant}, {"region": written}), fine)

    def test_invalid_characters(self) -> None:
        """Characters that headers must not contain are refused, even if they match."""
        for written in ("é", "a\x00", "a\x7f", "\xa0a", "\x85a", "a\x1f", "a\tb\x0b"):
            with self.subTest(written=written):
                self.assertFalse(agrees({"region": written}, {"region": written}))
                self.assertFalse(agrees({"region": "a"}, {"region": written}))
        self.assertTrue(agrees({"region": "é"}, {"region": sentinel("é")}))

    def test_wrong_types(self) -> None:
        """An argument of a wrong type is left to the validation of arguments."""
        wrong: list[Json] = [[], {}, ["x"], {"a": 1}]
        for value in wrong:
            self.assertTrue(agrees({"region": value}, {"region": "x"}))

    def test_others_are_ignored(self) -> None:
        """Headers that no property is repeated in mean nothing."""
        self.assertTrue(agrees({"plain": "x"}, {"plain": "y", "else": "z"}))
