"""Arguments that mean something certain are repaired; all others stay as they are."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject, dumps
from instantly_mcp.protocol.arguments.reading import (
    AcceptedArguments,
    BadArguments,
)
from instantly_mcp.protocol.arguments.repair import N8N_NAMES
from instantly_mcp.protocol.wire.jsonrpc import MAX_JSON_VALUES

TEXT: JsonObject = {"type": "string"}
LEAD: JsonObject = {
    "type": "object",
    "properties": {
        "email": {"type": "string", "minLength": 1, "x-also-named": ["address"]},
        "first_name": TEXT,
        "score": {"type": "number"},
        "variables": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        },
    },
    "required": ["email"],
    "additionalProperties": False,
    "x-unknown-hint": "Put your own fields into variables.",
}
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "campaign_id": {"type": "string", "x-also-named": ["id", "campaign"]},
        "limit": {"type": ["integer", "null"], "minimum": 1},
        "share": {"type": "number"},
        "unread": {"type": "boolean"},
        "status": {"enum": ["active", "out_of_office", 1, -3, None]},
        "code": {"enum": ["0", "1", "all"]},
        "interest": {"type": ["string", "integer"]},
        "ids": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "tags": {"type": "array", "items": {"type": "string"}},
        "ports": {"type": "array", "items": {"type": "integer"}},
        "lead": LEAD,
        "leads": {"type": "array", "items": LEAD},
        "either": {"anyOf": [{"type": "integer"}, LEAD, {"type": "null"}]},
        "free": {"type": "object"},
        "steps": {"type": "array", "x-suggested-for": ["sequence_steps"]},
    },
    "additionalProperties": False,
}
ACCEPTED = AcceptedArguments(SCHEMA)


def nested_text(depth: int) -> str:
    """Return lists in lists, as text."""
    return "[" * depth + "]" * depth


class RepairCase(SynchronousTestCase):
    def assertRead(self, given: JsonObject, meant: JsonObject) -> None:
        """The arguments are read as these, and reading those changes nothing."""
        read = ACCEPTED.read(given)
        self.assertEqual(dumps(read), dumps(meant), given)
        self.assertEqual(ACCEPTED.read(read), read)

    def refused(self, given: JsonObject) -> str:
        """Return why arguments are refused."""
        caught = self.assertRaises(BadArguments, ACCEPTED.read, given)
        self.assertTrue(caught.problem.hint)
        message: str = caught.problem.message
        return message


class NotSaidTests(RepairCase):
    def test_null(self) -> None:
        """Null is "not said": for declared and unknown names, at every level."""
        self.assertRead({"limit": None, "status": None, "xyz": None}, {})
        self.assertRead(
            {"lead": {"email": "a", "score": None, "variables": {"x": None, "y": 1}}},
            {"lead": {"email": "a", "variables": {"y": 1}}},
        )
        self.assertRead({"free": {"a": {"b": None, "c": 1}}}, {"free": {"a": {"c": 1}}})
        self.assertRead({"limit": "null", "leads": "null"}, {})

    def test_object_of_nulls(self) -> None:
        """An object that only has nulls is not said either."""
        self.assertRead({"free": {"a": None}}, {})
        self.assertRead(
            {"leads": [{"email": "a", "variables": {"x": None}}]},
            {"leads": [{"email": "a"}]},
        )

    def test_null_in_a_list(self) -> None:
        """Null in a list is refused: dropping it would move what follows."""
        self.assertIn("tags.0", self.refused({"tags": [None, "a"]}))
        self.assertIn("leads.0", self.refused({"leads": [None]}))

    def test_empty_text(self) -> None:
        """Empty text for an optional member is "not said"."""
        self.assertRead(
            {"status": "", "campaign_id": "", "limit": "", "tags": "", "free": ""}, {}
        )
        self.assertRead(
            {"lead": {"email": "a", "first_name": "", "score": ""}},
            {"lead": {"email": "a"}},
        )

    def test_text_of_a_map(self) -> None:
        """An empty value of a map was said: the caller chose its name."""
        given = {"lead": {"email": "a", "variables": {"city": ""}}}
        self.assertRead(given, given)

    def test_required(self) -> None:
        """A required member that says nothing is reported as required."""
        for nothing in (None, ""):
            lead = {"email": nothing, "first_name": "A"}
            self.assertIn("lead.email is required", self.refused({"lead": lead}))

    def test_empty_lists_and_objects(self) -> None:
        """An empty optional argument is "not said", but not an empty selection."""
        self.assertRead({"tags": [], "free": {}, "ports": "[]"}, {})
        nothing: Json
        for nothing in ([], "[]", ""):
            self.assertIn("ids", self.refused({"ids": nothing}))
        self.assertRead({"ids": None}, {})


class TextTests(RepairCase):
    def test_values_as_text(self) -> None:
        """A text that is exactly a value of the wanted type is that value."""
        for name, text, value in (
            ("limit", "5", 5),
            ("limit", " 5 ", 5),
            ("limit", "5.0", 5),
            ("share", "0.5", 0.5),
            ("share", "1e3", 1000.0),
            ("unread", "true", True),
            ("unread", "False", False),
            ("ids", '["a"]', ["a"]),
            ("ports", ["25", 26], [25, 26]),
            ("lead", '{"email": "a", "score": "2"}', {"email": "a", "score": 2}),
            ("leads", ['{"email": "a"}'], [{"email": "a"}]),
            ("either", "5", 5),
            ("either", '{"email": "a"}', {"email": "a"}),
            ("status", "1", 1),
            ("status", "-3", -3),
        ):
            with self.subTest(name=name, text=text):
                self.assertRead({name: text}, {name: value})

    def test_encoded_twice(self) -> None:
        """A text in a text is read as well."""
        self.assertRead({"ids": dumps('["a"]').decode()}, {"ids": ["a"]})
        self.assertRead({"limit": '"5"'}, {"limit": 5})

    def test_one_text_for_a_list(self) -> None:
        """A single text is a list of one, unless it could be several or none."""
        for name, text in (
            ("ids", "a"),
            ("tags", "ann@example.com"),
            ("tags", "Q4 Fintech"),
            ("tags", "null and void"),
        ):
            self.assertRead({name: text}, {name: [text]})
        for text in ("a,b", "a; b", "[a", "a]", '"a', "{a}", "none", " None ", "true"):
            self.assertIn("ids", self.refused({"ids": text}))
        self.assertIn("ports", self.refused({"ports": "a"}))
        self.assertIn("leads", self.refused({"leads": "a@example.com"}))

    def test_not_exactly_a_value(self) -> None:
        """Any other text is refused, and never repeated."""
        for name, text in (
            ("limit", "five"),
            ("limit", "5 apples"),
            ("limit", "5.5"),
            ("limit", "1" * 30),
            ("limit", "0x10"),
            ("limit", "٣"),
            ("limit", "1_0"),
            ("share", "NaN"),
            ("share", "Infinity"),
            ("share", "1e999"),
            ("share", "9" * 400),
            ("unread", "yes"),
            ("unread", "1"),
            ("ids", "a, b"),
            ("ids", '{"a": 1}'),
            ("lead", '{"email": "a", "email": "b"}'),
            ("lead", "[]"),
            ("leads", '["email"'),
        ):
            with self.subTest(name=name, text=text):
                message = self.refused({name: text})
                self.assertIn(name, message)
                self.assertNotIn(text, message)

    def test_text_is_wanted(self) -> None:
        """A text stays text where text is wanted, whatever it looks like."""
        for name in ("campaign_id", "interest"):
            for text in ("5", "true", "null", "[1]", '"a"'):
                self.assertRead({name: text}, {name: text})

    def test_integer_for_text(self) -> None:
        """An integer for a text is taken as its text; other values are not."""
        self.assertRead(
            {"campaign_id": 12, "tags": [1]}, {"campaign_id": "12", "tags": ["1"]}
        )
        self.assertRead({"code": 1, "interest": 1}, {"code": "1", "interest": 1})
        for odd in (True, 1.5, ["a"]):
            self.refused({"campaign_id": odd})

    def test_whole_numbers(self) -> None:
        """A number without a fraction is an integer where one is wanted."""
        for given, meant in (
            ({"limit": 5.0}, {"limit": 5}),
            ({"ports": [25.0]}, {"ports": [25]}),
            ({"status": 1.0}, {"status": 1}),
            ({"share": 5.0}, {"share": 5.0}),
            (
                {"lead": {"email": "a", "score": 1.0}},
                {"lead": {"email": "a", "score": 1.0}},
            ),
        ):
            self.assertRead(given, meant)
        self.refused({"limit": 5.5})
        self.assertIsInstance(ACCEPTED.read({"limit": 1e300})["limit"], float)

    def test_words(self) -> None:
        """A word of a list is found in other spellings."""
        for word in ("ACTIVE", " Active", "active"):
            self.assertRead({"status": word}, {"status": "active"})
        self.assertRead({"status": "Out of office"}, {"status": "out_of_office"})
        self.refused({"status": "activ"})
        self.refused({"status": True})

    def test_deep_text(self) -> None:
        """A text with very deep values is refused, not parsed into a crash."""
        for depth in (65, 500, 100_000):
            self.assertIn("steps", self.refused({"steps": nested_text(depth)}))

    def test_many_values_in_text(self) -> None:
        """Texts contain no more values than a body may."""
        half = "[" + ",".join("1" * (MAX_JSON_VALUES // 2 + 10)) + "]"
        self.assertEqual(len(ACCEPTED.read({"ports": half})["ports"]), 50_010)
        self.assertIn("steps", self.refused({"ports": half, "steps": half}))

    def test_lone_surrogates(self) -> None:
        """A text with half an emoji is read with U+FFFD in its place."""
        self.assertRead({"ids": '["a\\ud83d"]'}, {"ids": ["a\ufffd"]})


class NameTests(RepairCase):
    def test_n8n(self) -> None:
        """n8n's five names are dropped at the top, and nowhere else."""
        self.assertRead(dict.fromkeys(N8N_NAMES, "x"), {})
        message = self.refused({"lead": {"email": "a", "sessionId": "s"}})
        self.assertIn("lead.sessionId", message)

    def test_declared_n8n_names(self) -> None:
        """A tool that declares one of the names gets it."""
        declared = {"type": "object", "properties": {"action": {"type": "string"}}}
        accepted = AcceptedArguments(declared)
        given = {"action": "pause", "tool": "x"}
        self.assertEqual(accepted.read(given)["action"], "pause")

    def test_spellings(self) -> None:
        """A name is taken in any case, with ``_``, ``-``, spaces or nothing."""
        self.assertRead({"campaignId": "c"}, {"campaign_id": "c"})
        self.assertRead({"Campaign-ID": "c"}, {"campaign_id": "c"})
        self.assertRead(
            {
                "leads": [
                    {"Email": "a", "firstName": "A"},
                    {"email": "b", "First Name": "B"},
                ]
            },
            {
                "leads": [
                    {"email": "a", "first_name": "A"},
                    {"email": "b", "first_name": "B"},
                ]
            },
        )

    def test_old_names(self) -> None:
        """An old name is taken as the declared one, in any spelling, and nested."""
        self.assertRead({"id": "c"}, {"campaign_id": "c"})
        self.assertRead({"Campaign": "c"}, {"campaign_id": "c"})
        self.assertRead({"lead": {"address": "a"}}, {"lead": {"email": "a"}})

    def test_two_names(self) -> None:
        """Two names for one argument: refused with both, unless they agree."""
        self.assertRead({"id": "c", "campaignId": "c"}, {"campaign_id": "c"})
        self.assertRead({"id": None, "campaignId": "c"}, {"campaign_id": "c"})
        message = self.refused({"id": "secret-1", "campaignId": "secret-2"})
        self.assertIn("id and campaignId both mean campaign_id", message)
        self.assertNotIn("secret", message)

    def test_ambiguous_declaration(self) -> None:
        """A name that could mean two arguments stops the start."""
        schema = {
            "type": "object",
            "properties": {"a_b": TEXT, "c": {**TEXT, "x-also-named": ["ab"]}},
        }
        self.assertRaises(ValueError, AcceptedArguments, schema)

    def test_unknown_names(self) -> None:
        """An unknown name is refused, with what was probably meant."""
        self.assertIn("Unknown argument xyz.", self.refused({"xyz": 1}))
        self.assertIn("Did you mean steps?", self.refused({"sequence_steps": 3}))
        self.assertIn(
            "Did you mean first_name?",
            self.refused({"lead": {"email": "a", "firstnme": "A"}}),
        )
        self.assertIn(
            "Put your own fields into variables.",
            self.refused({"lead": {"email": "a", "city": "Bern"}}),
        )


class MapTests(RepairCase):
    def test_entries(self) -> None:
        """A map may be a list of names and values, also as text."""
        for entries in (
            [{"name": "city", "value": "Bern"}, {"name": "n", "value": 1}],
            '[{"name": "city", "value": "Bern"}, {"name": "n", "value": 1}]',
            [
                {"name": "city", "value": "Bern"},
                {"name": "n", "value": 1},
                {"name": "x"},
            ],
        ):
            self.assertRead(
                {"lead": {"email": "a", "variables": entries}},
                {"lead": {"email": "a", "variables": {"city": "Bern", "n": 1}}},
            )

    def test_contradiction(self) -> None:
        """A name with two values is refused, without the values."""
        entries = [{"name": "city", "value": "Bern"}, {"name": "city", "value": "Rom"}]
        message = self.refused({"lead": {"email": "a", "variables": entries}})
        self.assertIn("city is given twice", message)
        self.assertNotIn("Bern", message)

    def test_other_lists(self) -> None:
        """A list of anything else is not a map."""
        for odd in ([1], [{"name": "a", "value": 1, "b": 2}], [{"value": 1}], ["a"]):
            message = self.refused({"lead": {"email": "a", "variables": odd}})
            self.assertIn("{name, value}", message)


class UnchangedTests(RepairCase):
    def test_nothing_to_repair(self) -> None:
        """Arguments that need nothing are returned as they are, without a copy."""
        given: Json = {
            "campaign_id": "c",
            "limit": 5,
            "unread": False,
            "leads": [{"email": "a", "variables": {"x": 0, "y": False}}],
        }
        self.assertIs(ACCEPTED.read(given), given)

    def test_false_and_zero(self) -> None:
        """``false`` and 0 say something."""
        given: Json = {"unread": False, "share": 0, "limit": 1}
        self.assertIs(ACCEPTED.read(given), given)

    def test_input_is_not_modified(self) -> None:
        """The caller's objects stay as they were."""
        given: Json = {"leads": [{"email": "a", "score": "1"}], "limit": None}
        before = dumps(given)
        ACCEPTED.read(given)
        self.assertEqual(dumps(given), before)

    def test_deep_arguments(self) -> None:
        """Arguments nested too deeply are refused before anything reads them."""
        deep: Json = []
        for _ in range(100_000):
            deep = [deep]
        self.assertIn("nested deeper", self.refused({"free": {"a": deep}}))
