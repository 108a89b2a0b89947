"""Forms for 2025-06-18, and the conversion of their answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.client_requests import Elicit, ListRoots, Sample
from instantly_mcp.protocol.calls.forms import PlainForm
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS, V2025_06_18, V2025_11_25
from tests.support.wire import check

VALUES = ("a", "b", "c")
TITLED = [{"const": value, "title": value.upper()} for value in VALUES]

FIELDS: JsonObject = {
    "plain": {"type": "string", "enum": list(VALUES), "default": "a"},
    "titled": {"type": "string", "title": "One", "oneOf": TITLED, "default": "b"},
    "named": {"type": "string", "enum": ["a"], "enumNames": ["A"]},
    "several": {
        "type": "array",
        "items": {"type": "string", "enum": list(VALUES)},
        "minItems": 1,
        "maxItems": 2,
    },
    "titled_several": {
        "type": "array",
        "title": "Some",
        "description": "Choose some.",
        "items": {"anyOf": TITLED},
        "default": ["b"],
    },
    "text": {"type": "string", "format": "email", "default": "x@example.com"},
    "count": {"type": "integer", "minimum": 1, "default": 3},
    "sure": {"type": "boolean", "default": True},
}
FORM = Elicit(
    message="Choose", fields=FIELDS, required_fields=("plain", "several", "sure")
)

KNOWN = {
    "string": {"type", "title", "description", "minLength", "maxLength", "format"},
    "integer": {"type", "title", "description", "minimum", "maximum"},
    "boolean": {"type", "title", "description", "default"},
}
CHOICE = {"type", "title", "description", "enum", "enumNames"}

SETS = st.lists(st.sampled_from(VALUES), unique=True)


def accepted(content: JsonObject) -> JsonObject:
    """Return an answer that fills the form."""
    return {"action": "accept", "content": content}


class WordsTests(SynchronousTestCase):
    def test_only_known_words(self) -> None:
        """Each field is a primitive of 2025-06-18 and has no word that it lacks."""
        for name, field in PlainForm(FIELDS).fields.items():
            with self.subTest(name=name):
                check("2025-06-18", "PrimitiveSchemaDefinition", field)
                known = CHOICE if "enum" in field else KNOWN[field["type"]]
                self.assertEqual(set(field) - known, set())

    def test_titled_choice(self) -> None:
        """A titled choice becomes an enum with enumNames."""
        self.assertEqual(
            PlainForm(FIELDS).fields["titled"],
            {
                "type": "string",
                "title": "One",
                "enum": ["a", "b", "c"],
                "enumNames": ["A", "B", "C"],
            },
        )

    def test_choice_of_several(self) -> None:
        """A multiple choice becomes one boolean per value, with the same defaults."""
        fields = PlainForm(FIELDS).fields
        self.assertNotIn("titled_several", fields)
        self.assertEqual(
            fields["titled_several.2"],
            {
                "type": "boolean",
                "title": "Some: B",
                "description": "Choose some.",
                "default": True,
            },
        )
        self.assertEqual(fields["several.1"]["title"], "several: a")
        self.assertFalse(fields["several.1"]["default"])

    def test_untouched(self) -> None:
        """Fields that the revision supports are unchanged."""
        fields = PlainForm(FIELDS).fields
        self.assertEqual(fields["named"], FIELDS["named"])
        self.assertEqual(fields["sure"], FIELDS["sure"])

    def test_names_do_not_collide(self) -> None:
        """A boolean never takes the name of another field."""
        fields = {"several.1": {"type": "string"}, "several": FIELDS["several"]}
        form = PlainForm(fields)
        self.assertEqual(len(form.fields), 4)
        self.assertEqual(form.fields["several.1"], {"type": "string"})
        read = form.read(accepted({"several.1": "x", "several.1_": True}))
        self.assertEqual(read, accepted({"several.1": "x", "several": ["a"]}))

    def test_other_revisions(self) -> None:
        """Only forms for that revision are converted; other questions are unchanged."""
        for revision in ALL_REVISIONS.values():
            adapted_to = FORM.adapted_to(revision)
            same = adapted_to.params == FORM.params()
            self.assertEqual(same, revision is not V2025_06_18)
        for question in (ListRoots(), Sample(messages=[], max_tokens=1)):
            self.assertEqual(question.adapted_to(V2025_06_18).params, question.params())


class AnswerTests(SynchronousTestCase):
    def read(self, answer: Json) -> Json:
        """Read an answer."""
        return FORM.adapted_to(V2025_06_18).read(answer)

    @given(SETS, SETS)
    def test_round_trip(self, several: list[str], titled: list[str]) -> None:
        """The answer has the chosen values, in the order of the form."""
        content: dict[str, Json] = {"plain": "a", "sure": False}
        for name, chosen in (("several", several), ("titled_several", titled)):
            for number, value in enumerate(VALUES, 1):
                content[f"{name}.{number}"] = value in chosen
        read = self.read(accepted(content))
        self.assertEqual(
            read["content"],
            {
                "plain": "a",
                "sure": False,
                "several": sorted(several),
                "titled_several": sorted(titled),
            },
        )
        # Its own bounds are checked as ever: one or two of them.
        fits = 1 <= len(several) <= 2
        self.assertEqual(FORM.problem(read) is None, fits)

    def test_left_out(self) -> None:
        """Fields that the user did not change are not in the answer."""
        read = self.read(accepted({"plain": "a", "sure": True, "several.2": True}))
        self.assertEqual(read["content"]["several"], ["b"])
        self.assertNotIn("titled_several", read["content"])
        self.assertIsNone(FORM.problem(read))

    def test_no_boolean(self) -> None:
        """Values that are not booleans do not select anything."""
        read = self.read(accepted({"plain": "a", "sure": True, "several.2": "b"}))
        self.assertIn("several", FORM.problem(read) or "")

    def test_other_actions(self) -> None:
        """An answer without content is not changed."""
        others: list[Json] = [
            {"action": "decline"},
            {"action": "cancel", "content": None},
            None,
            [],
            "x",
        ]
        for answer in others:
            self.assertEqual(self.read(answer), answer)

    def test_later_revisions(self) -> None:
        """An answer to the form itself is not touched."""
        answer = accepted({"several": ["a"], "several.1": True})
        self.assertEqual(FORM.adapted_to(V2025_11_25).read(answer), answer)
