"""Request building: what goes where, and what must never become a URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from instantly_mcp._json_codec import loads
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.request import PreparedCall, is_path_value, prepare
from instantly_mcp.api.upstream import Upstream
from instantly_mcp.catalog.operation import WRITE, ArrayStyle, Operation, Place
from tests.support.cases import ClockedTestCase

from .builders import (
    ACTIVATE,
    CREATE,
    GET_ONE,
    KEY,
    PATCH_ONE,
    credential,
    operation,
    parameter,
)

UPSTREAM = Upstream.parse("https://api.instantly.ai")

QUERY = operation(
    "query",
    "GET",
    "/api/v2/things",
    parameter("text", Place.QUERY),
    parameter("ids", Place.QUERY),
    parameter("tags", Place.QUERY, style=ArrayStyle.COMMA),
)
DELETE_ENTRY = operation(
    "deleteBlockListEntry",
    "DELETE",
    "/api/v2/block-lists-entries/{id}",
    parameter("id", Place.PATH, required=True),
    effect=WRITE,
)


def prepared(operation: Operation, **arguments: Any) -> PreparedCall:
    """The call for these arguments."""
    return prepare(UPSTREAM, operation, arguments, credential())


def headers(call: PreparedCall) -> dict[str, str]:
    """The headers of a call, as text."""
    return {
        name.decode(): b", ".join(values).decode()
        for name, values in call.headers.getAllRawHeaders()
    }


class BuildingTests(ClockedTestCase):
    def refusal(self, operation: Operation, **arguments: Any) -> ApiError:
        error: ApiError = self.assertRaises(ApiError, prepared, operation, **arguments)
        self.assertEqual(error.reason, Reason.BAD_ARGUMENT)
        self.assertEqual(error.operation_id, operation.id)
        return error

    def test_headers(self) -> None:
        """A request has Host, User-Agent, key; no Content-Type without a body."""
        shown = headers(prepared(QUERY))
        self.assertEqual(shown["Host"], "api.instantly.ai")
        self.assertEqual(shown["Authorization"], f"Bearer {KEY}")
        self.assertTrue(shown["User-Agent"].startswith("instantly-mcp/"))
        self.assertNotIn("Content-Type", shown)
        self.assertNotIn("X-As-Workspace", shown)

    def test_workspace_header(self) -> None:
        """The workspace of the credential is sent as x-as-workspace."""
        call = prepare(UPSTREAM, QUERY, {}, credential(workspace="w-1"))
        self.assertEqual(headers(call)["X-As-Workspace"], "w-1")

    def test_trace_header(self) -> None:
        """The traceparent is sent if it is a valid header value."""
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        call = prepare(UPSTREAM, QUERY, {}, credential(), trace)
        self.assertEqual(headers(call)["Traceparent"], trace)
        for unfit in (None, "", "a b", "a\r\nX-Evil: 1", "\u00e9"):
            call = prepare(UPSTREAM, QUERY, {}, credential(), unfit)
            self.assertNotIn("Traceparent", headers(call))

    def test_unfit_headers(self) -> None:
        """A key or workspace that is not a valid header value is refused, not shown."""
        for key in ("a\r\nX-Evil: 1", "a b", "\u00e9", "", "\x00"):
            error = self.assertRaises(
                ApiError, prepare, UPSTREAM, QUERY, {}, credential(key)
            )
            self.assertEqual(error.reason, Reason.KEY_REJECTED)
        for workspace in ("w\nx", "", "w w"):
            error = self.assertRaises(
                ApiError, prepare, UPSTREAM, QUERY, {}, credential(workspace=workspace)
            )
            self.assertEqual(error.reason, Reason.BAD_ARGUMENT)

    def test_body(self) -> None:
        """Body parameters become one JSON object, None becomes null."""
        call = prepared(PATCH_ONE, id="c1", name=None)
        self.assertEqual(loads(call.body or b""), {"name": None})
        self.assertEqual(headers(call)["Content-Type"], "application/json")
        self.assertEqual(call.method, "PATCH")

    def test_empty_body(self) -> None:
        """An operation that declares a body always sends one, possibly empty."""
        self.assertEqual(prepared(PATCH_ONE, id="c1").body, b"{}")
        self.assertIsNone(prepared(ACTIVATE, id="c1").body)

    def test_body_that_is_not_json(self) -> None:
        """What cannot be written as JSON is refused."""
        self.refusal(CREATE, name=object())

    def test_query(self) -> None:
        """Values are encoded as the API reads them, None is left out."""
        for arguments, expected in (
            ({}, ""),
            ({"text": None}, ""),
            ({"text": ""}, "?text="),
            ({"text": True}, "?text=true"),
            ({"text": False}, "?text=false"),
            ({"text": 5}, "?text=5"),
            ({"text": 5.0}, "?text=5"),
            ({"text": 0.5}, "?text=0.5"),
            ({"text": "2026&a@b.c+d"}, "?text=2026%26a%40b.c%2Bd"),
            ({"text": "\ud83d"}, "?text=%EF%BF%BD"),
            ({"ids": ["a", "b"]}, "?ids=a&ids=b"),
            ({"ids": []}, ""),
            ({"ids": [None]}, ""),
            ({"tags": ["a", "b"]}, "?tags=a%2Cb"),
            ({"tags": "a,b"}, "?tags=a%2Cb"),
            ({"ids": (1, 2), "text": "x"}, "?text=x&ids=1&ids=2"),
        ):
            url = prepared(QUERY, **arguments).url
            self.assertEqual(url, f"https://api.instantly.ai/api/v2/things{expected}")

    def test_query_refusals(self) -> None:
        """Objects, endless numbers, and commas in a comma list have no encoding."""
        odd: list[Any] = [{}, [[]], float("nan"), float("inf"), [{}]]
        for value in odd:
            self.refusal(QUERY, text=value)
        self.refusal(QUERY, tags=["a,b"])

    def test_unknown_and_missing(self) -> None:
        """Unknown names are refused by name, required ones must be there."""
        self.assertIn("'colour'", self.refusal(QUERY, colour=1).message)
        self.assertIn("'id'", self.refusal(GET_ONE).message)
        self.assertIn("'name'", self.refusal(CREATE).message)

    def test_values_are_not_repeated(self) -> None:
        """No refusal, and no repr, shows a value."""
        self.assertNotIn("se/cret", self.refusal(GET_ONE, id="se/cret").message)
        call = prepared(PATCH_ONE, id="secret", name="secret")
        self.assertNotIn("secret", repr(call))
        self.assertNotIn(KEY, repr(call))

    def test_email_in_a_path(self) -> None:
        """Every byte outside the unreserved set is percent-encoded."""
        url = prepared(GET_ONE, id="o'brien+x@example.com").url
        self.assertTrue(url.endswith("/campaigns/o%27brien%2Bx%40example.com"))

    def test_number_in_a_path(self) -> None:
        """An integer is a valid id, a boolean is not."""
        self.assertTrue(prepared(GET_ONE, id=7).url.endswith("/campaigns/7"))
        self.refusal(GET_ONE, id=True)


class PathValueTests(ClockedTestCase):
    """Path parameters: refused before there is a URL."""

    def test_refused_path_values(self) -> None:
        """Empty values, dots, separators and their lookalikes are refused."""
        bad: tuple[Any, ...] = (
            *("", ".", "..", "../x", "..\\x", "%2e%2e", "a/b", "?x", "#", "a?b"),
            *("\r\n", "a\nb", " ", "a b", "\t", "\x00", "\x7f", "\u00a0", "\u2003"),
            *("\u2215", "a\u2044b", "\uff0f", "\uff3c", "\uff0e\uff0e", "\u2024"),
            *("\u2025", "\uff05", "\uff1f", "\uff03", "\u200b", "\u202e", "\ufeff"),
            *("\ud800", "x" * 255, "x" * 10_000, None, 1.5, [], {}, b"x", False),
        )
        for value in bad:
            error = self.assertRaises(ApiError, prepared, DELETE_ENTRY, id=value)
            self.assertEqual(error.reason, Reason.BAD_ARGUMENT)
            self.assertEqual(error.argument, "id")

    def test_missing_id(self) -> None:
        """A missing id never reaches the delete-all of the collection."""
        self.assertRaises(ApiError, prepared, DELETE_ENTRY)

    def test_longest(self) -> None:
        """254 characters are allowed."""
        self.assertTrue(is_path_value("x" * 254))

    @given(st.text(max_size=260))
    @example("o'brien+x@example.com")
    @example("caf\u00e9@example.com")
    def test_any_path_value(self, value: str) -> None:
        """Any value is refused or becomes exactly one segment of the URL."""
        if not is_path_value(value):
            self.assertRaises(ApiError, prepared, DELETE_ENTRY, id=value)
            return
        url = prepared(DELETE_ENTRY, id=value).url
        parts = urlsplit(url)
        self.assertEqual((parts.query, parts.fragment), ("", ""))
        self.assertTrue(url.isascii())
        *before, last = parts.path.split("/")
        self.assertEqual(before, ["", "api", "v2", "block-lists-entries"])
        self.assertEqual(unquote(last), value)
        self.assertNotIn(last, {"", ".", ".."})

    @given(
        st.dictionaries(
            st.sampled_from(["text", "ids"]),
            st.text(st.characters(exclude_categories=["Cs"]))
            | st.lists(st.text(st.characters(exclude_categories=["Cs"]))),
        )
    )
    def test_query_property(self, arguments: dict[str, Any]) -> None:
        """A query read back gives the values that went in."""
        query = urlsplit(prepared(QUERY, **arguments).url).query
        expected = [
            (name, item)
            for name in ("text", "ids")
            if name in arguments
            for item in (
                arguments[name]
                if isinstance(arguments[name], list)
                else [arguments[name]]
            )
        ]
        self.assertEqual(parse_qsl(query, keep_blank_values=True), expected)
