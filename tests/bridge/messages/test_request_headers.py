"""The headers that repeat parts of a body pass the daemon's own checks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from instantly_mcp.bridge.messages.request_headers import encode_value, modern_headers
from instantly_mcp.protocol.interfaces import IHeaders
from instantly_mcp.protocol.wire.envelope import (
    NAME_PARAMETERS,
    decode_sentinel,
    open_envelope,
)
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.protocol.wire.param_headers import (
    check_param_headers,
    param_headers_in,
)

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
SCHEMA = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "count": {"type": "integer", "x-mcp-header": "Count"},
        "dry": {"type": "boolean", "x-mcp-header": "Dry"},
        "inner": {
            "type": "object",
            "properties": {"name": {"type": "string", "x-mcp-header": "Inner-Name"}},
        },
    },
}
PARAMS = param_headers_in(SCHEMA)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = (
    TEXT
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
)


@implementer(IHeaders)
class Fields:
    """Header fields as a server sees them."""

    def __init__(self, fields):
        self.fields = fields

    def all(self, name):
        """Return every value of a header."""
        # A server strips the white space around a value.
        return [self.fields[name].strip(" \t")] if name in self.fields else []


class ModernHeadersTests(SynchronousTestCase):
    @given(method=st.sampled_from(sorted(NAME_PARAMETERS)), name=TEXT)
    def test_envelope(self, method, name):
        """Version, method and any name pass the check of the envelope."""
        params = {NAME_PARAMETERS[method]: name, "_meta": META}
        request = Request(1, method, params)
        fields = modern_headers(request)
        self.assertTrue(all(value.isascii() for value in fields.values()))
        self.assertEqual(
            open_envelope(request, Fields(fields)).revision.version, "2026-07-28"
        )

    @given(
        arguments=st.fixed_dictionaries(
            {},
            optional={
                "region": VALUES,
                "count": VALUES,
                "dry": VALUES,
                "inner": VALUES | st.fixed_dictionaries({"name": VALUES}),
            },
        )
    )
    def test_param_headers(self, arguments):
        """Annotated arguments pass their check, also those of a wrong type."""
        params = {"name": "tool", "arguments": arguments, "_meta": META}
        fields = modern_headers(Request(1, "tools/call", params), PARAMS)
        check_param_headers(PARAMS, arguments, Fields(fields))

    @given(text=TEXT | st.just("=?base64?eA==?=") | st.just(" x") | st.just("\tx"))
    def test_encoding(self, text):
        """A value is decoded to what it was, and has no character to inject with."""
        encoded = encode_value(text)
        self.assertEqual(decode_sentinel(encoded), text)
        self.assertTrue(encoded.isascii() and (encoded.isprintable() or not encoded))

    def test_readable(self):
        """A plain name stays as it is."""
        self.assertEqual(encode_value("list_campaigns"), "list_campaigns")
        self.assertEqual(encode_value("a\r\nb: c"), "=?base64?YQ0KYjogYw==?=")
