"""Parameters become closed JSON Schema objects."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import dumps, loads
from instantly_mcp.catalog.index import OPERATIONS, operation
from instantly_mcp.catalog.schema import arguments_schema, plain


class SchemaTests(SynchronousTestCase):
    def test_every_operation_compiles(self) -> None:
        """Every operation's schema is valid JSON Schema 2020-12 and plain JSON."""
        for each in OPERATIONS:
            schema = arguments_schema(each)
            self.assertEqual(loads(dumps(schema)), schema, each.id)
            jsonschema_rs.Draft202012Validator(schema)

    def test_unknown_members_are_refused(self) -> None:
        """A misspelled parameter does not validate."""
        check = jsonschema_rs.Draft202012Validator(
            arguments_schema(operation("listCampaign"))
        )
        self.assertTrue(check.is_valid({"limit": 10, "status": -99}))
        self.assertFalse(check.is_valid({"limitt": 10}))
        self.assertFalse(check.is_valid({"limit": 101}))
        self.assertFalse(check.is_valid({"status": 5}))

    def test_required_members(self) -> None:
        """What the API requires is required."""
        schema = arguments_schema(operation("replyToEmail"))
        self.assertEqual(
            sorted(schema["required"]), ["body", "eaccount", "reply_to_uuid", "subject"]
        )

    def test_a_schema_is_fresh(self) -> None:
        """Changing a returned schema changes nothing in the catalog."""
        first = arguments_schema(operation("listAccount"))
        first["properties"]["status"]["enum"].clear()
        again = arguments_schema(operation("listAccount"))
        self.assertEqual(len(again["properties"]["status"]["enum"]), 6)

    @settings(deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=20,
        )
    )
    def test_plain_keeps_json(self, value: Any) -> None:
        """What is plain JSON already comes back equal."""
        self.assertEqual(plain(value), value)
