"""Arguments against schemas: what is wrong, in sentences, without the values."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.arguments.validation import (
    DIALECT,
    MAX_PROBLEMS,
    MAX_VALUES_FOR_ALL_ERRORS,
    ArgumentCheck,
)

CANARY = "hunter2-canary"

SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "email": {"type": "string", "minLength": 20, "pattern": "^[a-z]+@"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
        "sort": {"enum": ["asc", "desc"]},
        "lead": {
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
            "additionalProperties": False,
        },
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "only": {"const": "this"},
    },
    "required": ["limit"],
    "additionalProperties": False,
}


def nested(depth: int) -> Json:
    """Return lists in lists."""
    value: Json = []
    for _ in range(depth - 1):
        value = [value]
    return value


class SentenceTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Compile the schema."""
        self.check = ArgumentCheck(SCHEMA)

    def said(self, arguments: Json) -> str:
        """Return the problems of wrong arguments."""
        problems = self.check.problems(arguments)
        assert problems is not None
        return problems

    def test_valid(self) -> None:
        """Valid arguments have no problems."""
        self.assertIsNone(self.check.problems({"limit": 1, "sort": "asc"}))

    def test_missing(self) -> None:
        """A missing argument is named, with its path."""
        self.assertIn("The argument limit is required.", self.said({}))
        self.assertIn("lead.name is required", self.said({"limit": 1, "lead": {}}))

    def test_unknown(self) -> None:
        """An unknown argument is named, with the one that was probably meant."""
        said = self.said({"limit": 1, "limits": 2})
        self.assertIn("Unknown argument limits. Did you mean limit?", said)
        self.assertNotIn("Did you mean", self.said({"limit": 1, "zzz": 2}))

    def test_member_of_an_argument(self) -> None:
        """A name that belongs inside an argument is shown with that argument."""
        said = self.said({"limit": 1, "name": "A"})
        self.assertIn("Unknown argument name. Did you mean lead.name?", said)
        self.assertIn("Did you mean lead.name?", self.said({"limit": 1, "nmae": "A"}))

    def test_unknown_inside(self) -> None:
        """An unknown argument inside an object is named with its path."""
        said = self.said({"limit": 1, "lead": {"name": "A", "nmae": "B"}})
        self.assertIn("Unknown argument lead.nmae.", said)

    def test_what_is_wanted(self) -> None:
        """Types, choices and limits are reported as in the schema."""
        for arguments, words in (
            ({"limit": "1"}, "must be an integer"),
            ({"limit": 0}, "must be at least 1"),
            ({"limit": 101}, "must be at most 100"),
            ({"limit": 1, "sort": "up"}, "one of asc, desc"),
            ({"limit": 1, "email": "x"}, "must have at least 20 characters"),
            ({"limit": 1, "tags": ["a", 1]}, "tags.1"),
            ({"limit": 1, "tags": ["a", "b", "c"]}, "must have at most 2 items"),
        ):
            with self.subTest(arguments=arguments):
                self.assertIn(words, self.said(arguments))

    def test_kinds(self) -> None:
        """Types are named in words, those of a list's items as well."""
        for schema, words in (
            ({"type": "boolean"}, "must be true or false"),
            ({"type": ["number", "string"]}, "must be a number or text"),
            ({"type": "array", "items": {"type": "string"}}, "a list of texts"),
            ({"type": "array", "items": {"type": "object"}}, "a list of objects"),
            ({"enum": ["active", "paused", 1, 2]}, "must be one of active, paused."),
            ({"enum": [1, 2]}, "must be one of 1, 2."),
            (
                {"type": "object", "additionalProperties": {"type": "string"}},
                "must be a list of {name, value}.",
            ),
        ):
            check = ArgumentCheck({"type": "object", "properties": {"a": schema}})
            self.assertIn(words, str(check.problems({"a": None})))

    def test_alternatives(self) -> None:
        """Of alternatives the one is explained that has the value's type."""
        days: Json = {"type": "array", "items": {"enum": ["monday", "friday"]}}
        either: Json = {"anyOf": [days, {"type": "object", "required": ["x"]}]}
        check = ArgumentCheck({"type": "object", "properties": {"days": either}})
        for value, words in (
            (["mon"], "The argument days.0 must be one of monday, friday."),
            ({}, "The argument days.x is required."),
            ("monday", "The argument days must be a list or an object."),
        ):
            self.assertEqual(check.problems({"days": value}), words)

    def test_values_are_not_repeated(self) -> None:
        """No sentence repeats a value: it may be a password."""
        for arguments in (
            {"limit": CANARY},
            {"limit": 1, "sort": CANARY},
            {"limit": 1, "email": CANARY},
            {"limit": 1, "only": CANARY},
            {"limit": 1, "lead": CANARY},
            {"limit": 1, "lead": {"name": 7, "x": CANARY}},
            {"limit": 1, "tags": [CANARY, {"a": CANARY}, CANARY]},
        ):
            with self.subTest(arguments=arguments):
                self.assertNotIn(CANARY, self.said(arguments))

    def test_many_problems(self) -> None:
        """The message is short, for any number of problems."""
        said = self.said({f"a{number}": 1 for number in range(1000)})
        self.assertEqual(said.count("Unknown argument"), MAX_PROBLEMS)

    def test_errors_of_many_values(self) -> None:
        """If each of very many values is wrong, only the first one is named.

        The library would word all of them, which takes half a second for a body.
        """
        few = self.said({"limit": 1, "tags": [1] * 3})
        self.assertIn("tags.1", few)
        many = self.said(
            {"limit": 1, "lead": {"name": [1] * (2 * MAX_VALUES_FOR_ALL_ERRORS)}}
        )
        self.assertEqual(many, "The argument lead.name must be text.")
        many = self.said({"limit": 1, "tags": [1] * (2 * MAX_VALUES_FOR_ALL_ERRORS)})
        self.assertEqual(many.count("The argument"), 1)

    def test_long_names_are_cut(self) -> None:
        """An argument name of any length is cut."""
        self.assertLess(len(self.said({"limit": 1, "x" * 10_000: 1})), 300)

    def test_integral_floats(self) -> None:
        """1.0 is an integer, as JSON Schema has it."""
        self.assertIsNone(self.check.problems({"limit": 1.0}))

    @settings(deadline=None)
    @given(
        st.dictionaries(
            st.sampled_from([*SCHEMA["properties"], "other"]),
            st.none()
            | st.booleans()
            | st.integers()
            | st.text(max_size=5)
            | st.lists(st.text(max_size=3), max_size=3)
            | st.dictionaries(st.sampled_from(["name", "b"]), st.integers()),
        )
    )
    def test_says_something_or_nothing(self, arguments: Json) -> None:
        """Any arguments are valid, or earn at least one sentence."""
        problems = ArgumentCheck(SCHEMA).problems(arguments)
        if problems is not None:
            self.assertRegex(problems, r"argument.*\.")


class GuardTests(SynchronousTestCase):
    def test_no_schema(self) -> None:
        """An invalid schema is refused at construction."""
        self.assertRaises(ValueError, ArgumentCheck, {"type": "objekt"})

    def test_other_dialects(self) -> None:
        """A schema of another dialect is refused, not read as one of 2020-12."""
        check = ArgumentCheck({"$schema": DIALECT, "type": "object"})
        self.assertIsNone(check.problems({}))
        others: list[Json] = [
            "http://json-schema.org/draft-07/schema#",
            "https://json-schema.org/draft/2019-09/schema",
            "",
            7,
        ]
        for dialect in others:
            schema: dict[str, Json] = {
                "$schema": dialect,
                "type": "object",
                "dependencies": {"a": ["b"]},
            }
            with self.subTest(dialect=dialect):
                self.assertRaises(ValueError, ArgumentCheck, schema)

    def test_nothing_is_fetched(self) -> None:
        """A remote reference is refused at construction and never fetched."""
        schema = {"type": "object", "$ref": "http://127.0.0.1:1/schema.json"}
        self.assertRaises(ValueError, ArgumentCheck, schema)

    def test_depth(self) -> None:
        """Arguments nested too deeply are refused before they are validated."""
        check = ArgumentCheck({"type": "object"})
        problems = check.problems({"a": nested(100_000)})
        assert problems is not None
        self.assertIn("nested deeper", problems)
