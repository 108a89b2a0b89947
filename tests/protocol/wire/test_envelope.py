"""The per-request envelope: every check, and the order of the checks."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.wire.envelope import (
    Envelope,
    decode_sentinel,
    open_envelope,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.jsonrpc import Request
from tests.support.exchanges import headers
from tests.support.messages import ABSENT, META, call, modern, modern_headers, request

Flaw = Callable[[dict[str, Json], dict[str, Json]], None]


def opened(
    message: Mapping[str, Json], fields: Mapping[str, str | Sequence[str]]
) -> Envelope:
    """Open the envelope of a message given as JSON."""
    params = message.get("params", {})
    return open_envelope(
        Request(message["id"], message["method"], params), headers(fields)
    )


def refused(
    message: Mapping[str, Json], fields: Mapping[str, str | Sequence[str]]
) -> ProtocolError:
    """Open an envelope that must be refused; return the error."""
    try:
        envelope = opened(message, fields)
    except ProtocolError as error:
        return error
    raise AssertionError(f"opened: {envelope!r}")


class AcceptedTests(SynchronousTestCase):
    def test_complete(self) -> None:
        """A complete envelope has revision, capabilities and log level."""
        message = modern(
            call("echo"), clientCapabilities={"sampling": {}}, logLevel="info"
        )
        envelope = opened(message, modern_headers(message))
        self.assertEqual(envelope.revision.version, "2026-07-28")
        self.assertEqual(envelope.capabilities, {"sampling": {}})
        self.assertEqual(envelope.log_level, "info")

    def test_client_info_is_optional(self) -> None:
        """A client that does not introduce itself is served."""
        message = modern(call("echo"), clientInfo=ABSENT)
        self.assertIsNone(opened(message, modern_headers(message)).log_level)

    def test_white_space_around_headers(self) -> None:
        """Outer white space of a header value does not count."""
        message = modern(call("echo"))
        fields = {"mcp-name": "  echo  ", "mcp-method": " tools/call"}
        opened(message, {**modern_headers(message), **fields})

    def test_encoded_name(self) -> None:
        """Mcp-Name may be written in base64; it is decoded before it is compared."""
        name = b64encode("größe".encode()).decode("ascii")
        message = modern(call("größe"))
        fields = {"mcp-name": f"=?base64?{name}?="}
        opened(message, {**modern_headers(message), **fields})

    def test_name_only_where_there_is_one(self) -> None:
        """A method without a name needs no Mcp-Name, and may have any."""
        message = modern(request("tools/list"))
        opened(message, modern_headers(message))
        opened(message, {**modern_headers(message), "mcp-name": "whatever"})

    def test_uri_and_task(self) -> None:
        """Resources are named by uri and tasks by taskId."""
        for method, member in (
            ("resources/read", "uri"),
            ("prompts/get", "name"),
            ("tasks/get", "taskId"),
            ("tasks/update", "taskId"),
            ("tasks/cancel", "taskId"),
        ):
            with self.subTest(method=method):
                message = modern(request(method, {member: "x"}))
                fields = {**modern_headers(message), "mcp-name": "x"}
                opened(message, fields)
                error = refused(message, {**fields, "mcp-name": "y"})
                self.assertEqual(error.code, -32020)

    def test_malformed_name_is_left_to_the_params(self) -> None:
        """A body without a name is malformed, which is another error, later."""
        message = modern(request("tools/call", {"name": 7}))
        opened(message, modern_headers(message))


class RefusedTests(SynchronousTestCase):
    def assertRefused(
        self,
        code: int,
        message: Mapping[str, Json],
        fields: Mapping[str, str | Sequence[str]],
    ) -> None:
        """The envelope is refused with this code and HTTP status 400."""
        error = refused(message, fields)
        self.assertEqual((error.code, error.status), (code, 400), error.message)

    def test_meta(self) -> None:
        """A missing or malformed _meta, or one without its parts, is -32602."""
        whole = modern(call("echo"))
        fields = modern_headers(whole)
        self.assertRefused(-32602, request("tools/call"), fields)
        metas: list[Json] = [None, 7, "x", [], {}]
        for meta in metas:
            with self.subTest(meta=meta):
                broken = request("tools/call", {"name": "echo", "_meta": meta})
                self.assertRefused(-32602, broken, fields)
        wrong: list[Json] = [None, 7, "x", []]
        for value in [ABSENT, *wrong]:
            with self.subTest(capabilities=value):
                broken = modern(call("echo"), clientCapabilities=value)
                self.assertRefused(-32602, broken, fields)
        for value in (ABSENT, None, 7, [], {}):
            with self.subTest(version=value):
                self.assertRefused(-32602, modern(call("echo"), value), fields)
        for value in wrong:
            with self.subTest(client=value):
                broken = modern(call("echo"), clientInfo=value)
                self.assertRefused(-32602, broken, fields)
        for value in ("loud", "INFO", 7, [], {}):
            with self.subTest(level=value):
                broken = modern(call("echo"), logLevel=value)
                self.assertRefused(-32602, broken, fields)

    def test_routing_headers(self) -> None:
        """Each routing header that is missing, different or repeated is -32020."""
        message = modern(call("echo"))
        whole = modern_headers(message)
        for name in ("mcp-protocol-version", "mcp-method", "mcp-name"):
            with self.subTest(missing=name):
                fields = {key: value for key, value in whole.items() if key != name}
                self.assertRefused(-32020, message, fields)
            with self.subTest(different=name):
                self.assertRefused(-32020, message, {**whole, name: "other"})
            with self.subTest(repeated=name):
                twice = [str(whole[name])] * 2
                self.assertRefused(-32020, message, {**whole, name: twice})

    def test_values_are_case_sensitive(self) -> None:
        """Names of headers have no case, their values do."""
        message = modern(call("echo"))
        whole = modern_headers(message)
        self.assertRefused(-32020, message, {**whole, "mcp-method": "TOOLS/CALL"})
        self.assertRefused(-32020, message, {**whole, "mcp-name": "Echo"})

    def test_method_is_never_encoded(self) -> None:
        """Mcp-Method in base64 differs from the method."""
        message = modern(request("tools/list"))
        method = b64encode(b"tools/list").decode("ascii")
        fields = {**modern_headers(message), "mcp-method": f"=?base64?{method}?="}
        self.assertRefused(-32020, message, fields)

    def test_unsupported_version(self) -> None:
        """A version that is not supported, but equal in header and body, is -32022."""
        message = modern(call("echo"), "v999.0.0")
        error = refused(message, modern_headers(message))
        self.assertEqual((error.code, error.status), (-32022, 400))
        self.assertEqual(error.data["requested"], "v999.0.0")
        self.assertIn("2026-07-28", error.data["supported"])


def _no_meta(message: dict[str, Json], fields: dict[str, Json]) -> None:
    message["params"] = {k: v for k, v in message["params"].items() if k != "_meta"}


def _no_capabilities(message: dict[str, Json], fields: dict[str, Json]) -> None:
    del message["params"]["_meta"][META + "clientCapabilities"]


def _repeated_method(message: dict[str, Json], fields: dict[str, Json]) -> None:
    fields["mcp-method"] = [str(fields["mcp-method"])] * 2


def _version_mismatch(message: dict[str, Json], fields: dict[str, Json]) -> None:
    fields["mcp-protocol-version"] = "v1.0.0"


def _unsupported(message: dict[str, Json], fields: dict[str, Json]) -> None:
    message["params"]["_meta"][META + "protocolVersion"] = "v999.0.0"
    fields["mcp-protocol-version"] = "v999.0.0"


def _wrong_method(message: dict[str, Json], fields: dict[str, Json]) -> None:
    fields["mcp-method"] = "other"


def _wrong_name(message: dict[str, Json], fields: dict[str, Json]) -> None:
    fields["mcp-name"] = "other"


LADDER: Sequence[tuple[Flaw, int, str]] = (
    (_no_meta, -32602, "_meta is required"),
    (_no_capabilities, -32602, "clientCapabilities"),
    (_repeated_method, -32020, "mcp-method is repeated"),
    (_version_mismatch, -32020, "mcp-protocol-version differs"),
    (_unsupported, -32022, "Unsupported protocol version"),
    (_wrong_method, -32020, "mcp-method differs"),
    (_wrong_name, -32020, "mcp-name differs"),
)
"""The checks of the envelope, in the order of the specification."""


class OrderTests(SynchronousTestCase):
    def test_every_pair(self) -> None:
        """A request that is wrong in two ways gets the error of the earlier check."""
        for place, (earlier, code, words) in enumerate(LADDER):
            for later, _, _ in LADDER[place + 1 :]:
                message = modern(call("echo"))
                fields: dict[str, Json] = dict(modern_headers(message))
                later(message, fields)
                earlier(message, fields)
                with self.subTest(earlier=earlier.__name__, later=later.__name__):
                    error = refused(message, fields)
                    self.assertEqual(error.code, code)
                    self.assertIn(words, error.message)


class SentinelTests(SynchronousTestCase):
    def test_plain_values(self) -> None:
        """A value without the sentinel's frame is literal."""
        for value in ("Hello", "SGVsbG8=", "=?base64?SGVsbG8=", "SGVsbG8=?=", ""):
            with self.subTest(value=value):
                self.assertEqual(decode_sentinel(value), value)

    def test_overlapping_frame(self) -> None:
        """Prefix and suffix may not share a character: that text is literal."""
        self.assertEqual(decode_sentinel("=?base64?="), "=?base64?=")
        self.assertEqual(decode_sentinel("=?base64??="), "")

    def test_framed(self) -> None:
        """A canonical sentinel is decoded."""
        self.assertEqual(decode_sentinel("=?base64?SGVsbG8=?="), "Hello")

    def test_broken_inside(self) -> None:
        """Wrong padding, foreign characters and spare bits are refused."""
        for inside in (
            "SGVsbG8",
            "SGVs!!!bG8=",
            "SGVsbG9=",
            "SGVs bG8=",
            "w6==",
            "/w==",
        ):
            with self.subTest(inside=inside):
                self.assertIsNone(decode_sentinel(f"=?base64?{inside}?="))

    def test_invalid_characters(self) -> None:
        """Characters that headers must not contain are refused."""
        for value in ("é", "a\x00", "\x7f", "\xa0", "a\x85b", "\x1f"):
            with self.subTest(value=value):
                self.assertIsNone(decode_sentinel(value))
        self.assertEqual(decode_sentinel("a\tb c"), "a\tb c")

    def test_marker_is_case_sensitive(self) -> None:
        """Another spelling of the marker is literal text."""
        self.assertEqual(decode_sentinel("=?BASE64?SGVsbG8=?="), "=?BASE64?SGVsbG8=?=")

    @settings(deadline=None)
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_round_trip(self, value: str) -> None:
        """Every text that a client encodes is decoded to the same text."""
        inside = b64encode(value.encode()).decode("ascii")
        self.assertEqual(decode_sentinel(f"=?base64?{inside}?="), value)

    @settings(deadline=None)
    @given(st.text("=?base64AZaz09+/ -", max_size=30) | st.text())
    def test_injective(self, inside: str) -> None:
        """No two sentinels mean the same text: only the canonical form decodes."""
        decoded = decode_sentinel(f"=?base64?{inside}?=")
        if decoded is not None:
            self.assertEqual(b64encode(decoded.encode()).decode("ascii"), inside)
