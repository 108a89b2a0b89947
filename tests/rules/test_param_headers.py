"""``x-mcp-header``: integers, booleans and nested properties as well."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.wire.param_headers import param_headers_in
from tests.support.messages import LEGACY_VERSIONS, call, modern
from tests.support.received import Received

from .everything import RulesTestCase
from .test_http import sentinel


class ParamHeaderTests(RulesTestCase):
    def look(self, arguments: Json, **headers: str | Sequence[str]) -> Received:
        """Call the tool whose arguments are repeated in headers."""
        fields = {f"mcp-param-{name}": value for name, value in headers.items()}
        return self.rig.send_modern(modern(call("sky", arguments)), with_headers=fields)

    def accepted(self, arguments: Json, **headers: str | Sequence[str]) -> None:
        """These headers match these arguments."""
        with self.subTest(arguments=arguments, headers=headers):
            self.assertEqual(self.look(arguments, **headers).status, 200)

    def refused(self, arguments: Json, **headers: str | Sequence[str]) -> None:
        """These headers are -32020 with 400."""
        with self.subTest(arguments=arguments, headers=headers):
            self.assertRefused(self.look(arguments, **headers), 400, -32020)

    def test_integer(self) -> None:
        """An integer is written in decimal and compared as a number."""
        self.accepted({"count": 42}, count="42")
        self.accepted({"count": 42}, count="42.0")
        self.accepted({"count": -7}, count="-7")
        self.accepted({"count": 0}, count="0")
        self.accepted({"count": 42}, count=sentinel("42"))
        self.accepted({"count": 2**53 - 1}, count="9007199254740991")
        self.refused({"count": 2**53 - 1}, count="9007199254740990")
        for written in ("43", "", "forty-two", "true", "0x2a", "NaN"):
            self.refused({"count": 42}, count=written)

    def test_integer_is_decimal(self) -> None:
        """Only ASCII decimal digits form a number: other readers accept no more."""
        for written in ("4_2", "٤٢", "4.2e1", "+42", " 4 2"):
            self.refused({"count": 42}, count=written)

    def test_boolean(self) -> None:
        """A boolean is true or false, in lower case."""
        self.accepted({"precise": True}, precise="true")
        self.accepted({"precise": False}, precise="false")
        for written in ("false", "True", "1", ""):
            self.refused({"precise": True}, precise=written)
        self.refused({"precise": False}, precise="0")

    def test_nested(self) -> None:
        """A property inside objects is found at its path, at every depth."""
        arguments: Json = {"place": {"name": "Grünau", "spot": {"row": 3}}}
        name = sentinel("Grünau")
        self.accepted(arguments, place=name, row="3")
        self.refused(arguments, place=name)
        self.refused(arguments, row="3")
        self.refused(arguments, place=sentinel("Gruenau"), row="3")
        self.refused(arguments, place=name, row="4")

    def test_absent(self) -> None:
        """A property that is absent or null has no header, also inside others."""
        self.accepted({})
        self.accepted({"count": None})
        self.accepted({"place": {}})
        self.accepted({"place": None})
        self.refused({}, count="42")
        self.refused({"place": {}}, row="3")

    def test_repeated(self) -> None:
        """A header given twice is refused, even if both values are right."""
        self.refused({"count": 42}, count=["42", "42"])

    def test_before_the_arguments_are_checked(self) -> None:
        """A header that differs precedes arguments that are wrong otherwise."""
        self.refused({"count": 42, "precise": "maybe"}, count="43", precise="maybe")

    def test_before_the_capability_gate(self) -> None:
        """A header that differs precedes what the client would have to declare."""
        message = modern(call("strict_sky", {"count": 42}))
        fields = {"mcp-param-count": "43"}
        received = self.rig.send_modern(message, with_headers=fields)
        self.assertRefused(received, 400, -32020)
        fields = {"mcp-param-count": "42"}
        received = self.rig.send_modern(message, with_headers=fields)
        self.assertRefused(received, 400, -32021)

    def test_legacy_clients_ignore_it(self) -> None:
        """Sessions of earlier revisions ignore the headers."""
        for version in LEGACY_VERSIONS:
            for value in ("43", ["42", "42"], "=?base64?x?="):
                with self.subTest(version=version, value=value):
                    client = self.client(version)
                    fields = {"mcp-param-count": value}
                    received = client.ask(
                        call("sky", {"count": 42}), with_headers=fields
                    )
                    self.assertEqual(self.text_of(received), "It is blue.")


class SchemaTests(SynchronousTestCase):
    def schema(self, **properties: Json) -> JsonObject:
        """Return the schema of an object."""
        return {"type": "object", "properties": properties}

    def refused(self, schema: JsonObject) -> None:
        """A tool with this schema is rejected when it is defined."""
        with self.subTest(schema=schema), self.assertRaises(ValueError):
            param_headers_in(schema)

    def test_types(self) -> None:
        """Only strings, integers and booleans are repeated; a number never is."""
        for kind in ("number", "object", "array", "null", ["string", "null"], None):
            self.refused(self.schema(x={"type": kind, "x-mcp-header": "X"}))

    def test_names(self) -> None:
        """The name is a header token."""
        for name in ("", "two words", "a:b", "grün", 7, None):
            self.refused(self.schema(x={"type": "string", "x-mcp-header": name}))

    def test_unique(self) -> None:
        """Two properties must not share a header name, at any depth and in any case."""
        one = {"type": "string", "x-mcp-header": "Region"}
        other = {"type": "string", "x-mcp-header": "REGION"}
        self.refused(self.schema(a=one, b=other))
        self.refused(self.schema(a=one, b=self.schema(c=other)))

    def test_only_through_properties(self) -> None:
        """An annotation below a keyword other than ``properties`` is refused."""
        inner = {"type": "string", "x-mcp-header": "X"}
        for keyword, value in (
            ("items", inner),
            ("prefixItems", [inner]),
            ("additionalProperties", inner),
            ("allOf", [self.schema(a=inner)]),
            ("anyOf", [inner]),
            ("oneOf", [self.schema(a=inner)]),
            ("not", inner),
            ("if", self.schema(a=inner)),
            ("then", self.schema(a=inner)),
            ("else", self.schema(a=inner)),
            ("$defs", {"a": inner}),
        ):
            self.refused(self.schema(x={"type": "object", keyword: value}))
            self.refused({"type": "object", keyword: value})

    def test_values_are_not_schemas(self) -> None:
        """A default, an example or a property with that name is not an annotation."""
        called = self.schema(**{"x-mcp-header": {"type": "string"}})
        self.assertEqual(list(param_headers_in(called)), [])
        shown = {"type": "object", "default": {"x-mcp-header": 1}}
        self.assertEqual(list(param_headers_in(self.schema(x=shown))), [])
