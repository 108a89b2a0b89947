"""Replies that fit their description, and those that do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from instantly_mcp._json_codec import loads
from instantly_mcp.catalog.index import BY_ID, OPERATIONS
from instantly_mcp.catalog.reply import (
    Form,
    MemberType,
    ReplySchema,
    needing,
    numbers,
    one,
    page_of,
    rows,
)
from tests.support.reference import NO_OPENAPI, OPENAPI

THING = one(
    id=MemberType.TEXT,
    flag=MemberType.FLAG,
    parts=MemberType.OBJECTS,
    **numbers("count"),
)

TYPES: Mapping[MemberType, frozenset[str]] = {
    MemberType.TEXT: frozenset({"string"}),
    MemberType.NUMBER: frozenset({"number", "integer"}),
    MemberType.FLAG: frozenset({"boolean"}),
    MemberType.OBJECT: frozenset({"object"}),
    MemberType.NUMBERS: frozenset({"object"}),
    MemberType.OBJECTS: frozenset({"array"}),
    MemberType.TEXTS: frozenset({"array"}),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("id", "count", "items", "next_starting_after")), inner
        )
    ),
    max_leaves=6,
)


class ReplyTests(SynchronousTestCase):
    def test_anything(self) -> None:
        """Where nothing is stated, everything fits."""
        self.assertIsNone(ReplySchema().misfit([1, None]))
        self.assertTrue(ReplySchema().may_be_empty)

    def test_object(self) -> None:
        """An object fits whose stated members are what they should be, or null."""
        for fits in (
            {"id": "x"},
            {"id": "x", "count": 1.5, "flag": False, "parts": [{}], "more": [1]},
            {"id": None, "count": None},
        ):
            self.assertIsNone(THING.misfit(fits))
        for odd, words in (
            (None, "not an object"),
            ([{}], "not an object"),
            ("x", "not an object"),
            ({}, "without any of id, flag, parts, count"),
            ({"items": []}, "without any of"),
            ({"id": 5}, "whose id is not text"),
            ({"count": "5"}, "whose count is not a number"),
            ({"count": True}, "whose count is not a number"),
            ({"flag": 1}, "whose flag is not true or false"),
            ({"parts": {}}, "whose parts is not a list of objects"),
            ({"parts": [{}, 1]}, "whose parts is not a list of objects"),
        ):
            self.assertIn(words, str(THING.misfit(odd)))

    def test_needed(self) -> None:
        """A member that is needed must be there and not be null."""
        thing = needing(THING, "id")
        for odd in ({"count": 1}, {"id": None}):
            self.assertEqual(thing.misfit(odd), "a reply that has no id")
        self.assertIsNone(thing.misfit({"id": ""}))
        self.assertFalse(thing.may_be_empty)

    def test_page(self) -> None:
        """A page is a list of objects that fit, with a cursor that is text."""
        page = page_of(**THING.members)
        good: tuple[Any, ...] = (
            [],
            [{"id": "x"}],
            {"items": []},
            {"items": [{}, {"count": 1}], "next_starting_after": "c"},
            {"items": [], "next_starting_after": None},
        )
        for fits in good:
            self.assertIsNone(page.misfit(fits))
        for odd, words in (
            ([1, 2, 3], "not an object"),
            ({"items": [1, None]}, "not an object"),
            ({"items": [{}, None]}, "not an object"),
            ({"items": {}}, "not a list"),
            ({}, "not a list"),
            (None, "not a list"),
            ({"items": [{"count": "1"}]}, "an item whose count is not a number"),
            ({"items": [], "next_starting_after": 5}, "is not text"),
            ({"items": [], "next_starting_after": {}}, "is not text"),
        ):
            self.assertIn(words, str(page.misfit(odd)), odd)

    def test_rows(self) -> None:
        """Rows are a list and nothing around it."""
        self.assertIsNone(rows(**numbers("sent")).misfit([{"sent": 1}]))
        bad: tuple[Any, ...] = ({"items": []}, {"sent": 1}, [[]], [{"sent": "1"}])
        for odd in bad:
            self.assertIsNotNone(rows(**numbers("sent")).misfit(odd))

    @given(JSON)
    def test_any_json(self, value: Any) -> None:
        """Any value fits, or the message says why and does not quote it."""
        for reply in (THING, page_of(**THING.members), rows(id=MemberType.TEXT)):
            misfit = reply.misfit(value)
            if misfit is None and reply.form is not Form.OBJECT:
                listed = value["items"] if isinstance(value, dict) else value
                self.assertTrue(all(isinstance(each, dict) for each in listed))
            elif misfit is None:
                self.assertIsInstance(value, dict)


class StatedRepliesTests(SynchronousTestCase):
    def test_every_operation_states_its_reply(self) -> None:
        """No operation of the catalog may answer anything at all."""
        for each in OPERATIONS:
            self.assertIsNot(each.reply.form, Form.ANYTHING, each.id)
            self.assertLessEqual(each.reply.needed, {*each.reply.members}, each.id)
            if "starting_after" in each.by_name:
                self.assertIs(each.reply.form, Form.PAGE, each.id)

    def test_vendor(self) -> None:
        """The vendor describes each stated member as what it is taken for."""
        if not OPENAPI.exists():
            raise SkipTest(NO_OPENAPI)
        document = loads(OPENAPI.read_bytes())
        for each in OPERATIONS:
            entry = document["paths"][each.path][each.method.lower()]
            answers = entry["responses"]
            code = min(code for code in answers if code.startswith("2"))
            schema = answers[code]["content"]["application/json"]["schema"]
            stated = _members(schema, each.reply.form, document)
            for name, kind in each.reply.members.items():
                types = stated[name]["type"]
                types = {types} if isinstance(types, str) else {*types} - {"null"}
                self.assertTrue(types & TYPES[kind], f"{each.id}.{name}: {types}")

    def test_known(self) -> None:
        """The operations that lists are made of are pages; analytics are rows."""
        self.assertIs(BY_ID["listCampaign"].reply.form, Form.PAGE)
        self.assertIs(BY_ID["getCampaignAnalytics"].reply.form, Form.ROWS)


def _members(schema: Any, form: Form, document: Any) -> Mapping[str, Any]:
    """Return the members that the vendor describes, of the object or of each."""
    if form is Form.PAGE:
        schema = _whole(schema, document)["items"]
    if form is not Form.OBJECT:
        schema = schema["items"]
    return _whole(schema, document)


def _whole(schema: Any, document: Any) -> dict[str, Any]:
    """Return the members of a schema that refers to others, or is made of several."""
    if "$ref" in schema:
        place = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        return _whole(place, document)
    members = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        members |= _whole(part, document)
    return members
