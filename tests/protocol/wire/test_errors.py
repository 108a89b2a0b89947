"""Protocol errors: codes, statuses and data."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.wire import errors
from instantly_mcp.protocol.wire.errors import ProtocolError
from tests.support.wire import check


class StatusTests(SynchronousTestCase):
    def test_table(self) -> None:
        """Each named error has its code and the HTTP status of the specification."""
        table: list[tuple[ProtocolError, int, int]] = [
            (errors.parse_error("x"), -32700, 400),
            (errors.invalid_request("x"), -32600, 400),
            (errors.method_not_found("x"), -32601, 200),
            (errors.method_not_found("x", status=404), -32601, 404),
            (errors.invalid_params("x"), -32602, 200),
            (errors.invalid_params("x", status=400), -32602, 400),
            (errors.internal_error("x"), -32603, 200),
            (errors.header_mismatch("x"), -32020, 400),
            (errors.missing_capability({"sampling": {}}), -32021, 400),
            (errors.unsupported_version("x", ["y"]), -32022, 400),
            (errors.credential_required(), -32001, 401),
            (errors.unauthorized("x"), -32001, 401),
            (errors.session_not_found("x"), -32001, 404),
        ]
        for error, code, status in table:
            with self.subTest(code=code, status=status):
                self.assertEqual((error.code, error.status), (code, status))

    def test_unknown_code(self) -> None:
        """A code of the legacy implementation range is answered with 200."""
        self.assertEqual(ProtocolError(-32042, "x").status, 200)


class ContentTests(SynchronousTestCase):
    def test_fits_the_schema(self) -> None:
        """Every named error is an Error of the newest schema."""
        for error in (
            errors.parse_error("x"),
            errors.credential_required(),
            errors.unsupported_version("a", ["b"]),
            errors.missing_capability({"sampling": {}}),
            errors.internal_error("cafe"),
        ):
            check("2026-07-28", "Error", error.as_object())

    def test_data_is_left_out(self) -> None:
        """An error without data has no data member, but data may be falsy."""
        self.assertNotIn("data", errors.parse_error("x").as_object())
        data: list[Json] = [0, "", [], {}, False]
        for value in data:
            with self.subTest(value=value):
                body = ProtocolError(-1, "x", value).as_object()
                self.assertEqual(body["data"], value)

    def test_version_data(self) -> None:
        """The error for an unsupported version names supported and requested ones."""
        error = errors.unsupported_version("v9", ["a", "b"])
        self.assertEqual(error.data, {"supported": ["a", "b"], "requested": "v9"})

    def test_capability_data(self) -> None:
        """A missing capability is named as an object, as the schema wants it."""
        error = errors.missing_capability({"sampling": {}})
        self.assertEqual(error.data, {"requiredCapabilities": {"sampling": {}}})

    def test_credential_required(self) -> None:
        """A missing credential is answered with a Bearer challenge."""
        error = errors.credential_required()
        self.assertIn(("WWW-Authenticate", "Bearer"), error.headers)

    def test_long_method_names_are_cut(self) -> None:
        """A method name of any length makes a short message."""
        error = errors.method_not_found("x" * 100_000)
        self.assertLess(len(error.message), 200)

    def test_is_an_exception(self) -> None:
        """It can be raised, and its text has code and message."""
        try:
            raise errors.parse_error("why")
        except ProtocolError as error:
            self.assertEqual(str(error), "-32700 Parse error: why")
