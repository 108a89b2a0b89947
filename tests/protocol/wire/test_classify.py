"""The era of a message, for each combination of body and header."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, dumps
from instantly_mcp.protocol.wire.classify import (
    META_VERSION,
    LegacyMessage,
    ModernMessage,
    classify,
    is_modern_header,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.jsonrpc import (
    Batch,
    Body,
    ClientResponse,
    Notification,
    Request,
    decode,
)
from instantly_mcp.protocol.wire.versions import LEGACY_REVISIONS
from tests.support.messages import (
    LEGACY_VERSIONS,
    MODERN_VERSION,
    call,
    initialize,
    modern,
    notice,
    request,
)

HEADERS = (None, *LEGACY_VERSIONS, MODERN_VERSION, "v999.0.0", "", "x")


def era(message: Json, header: str | None = None) -> LegacyMessage | ModernMessage:
    """Classify a message given as JSON."""
    return classify(decode(dumps(message)), header)


class EraTests(SynchronousTestCase):
    def assertLegacy(self, message: Json, header: str | None) -> None:
        """Assert that the message is legacy, with this header."""
        expected = None if header is None else LEGACY_REVISIONS[header.strip()]
        self.assertEqual(era(message, header), LegacyMessage(expected))

    def assertModern(self, message: Json, header: str | None) -> None:
        """Assert that the message is modern."""
        self.assertIsInstance(era(message, header), ModernMessage)

    def test_modern_meta(self) -> None:
        """A version in _meta that is not legacy is modern, whatever the header."""
        for stated in (MODERN_VERSION, "v999.0.0", "", 7, None, ["2025-06-18"]):
            for header in HEADERS:
                with self.subTest(stated=stated, header=header):
                    self.assertModern(modern(call("echo"), stated), header)

    def test_modern_header_only(self) -> None:
        """No version in _meta, but a modern or unknown header, is modern."""
        for header in (MODERN_VERSION, "v999.0.0", "", "x"):
            with self.subTest(header=header):
                self.assertModern(request("server/discover", {}), header)
                self.assertModern(call("echo", token=1), header)

    def test_neither_meta_nor_modern_header(self) -> None:
        """No version in _meta and no modern header is legacy."""
        for header in (None, *LEGACY_VERSIONS):
            with self.subTest(header=header):
                self.assertLegacy(request("tools/list"), header)
                self.assertLegacy(initialize(), header)

    def test_initialize_with_envelope(self) -> None:
        """An initialize with the modern envelope is modern: the name does not count."""
        self.assertModern(modern(initialize()), MODERN_VERSION)
        self.assertModern(modern(request("ping", {})), None)

    def test_initialize_that_names_the_modern_revision(self) -> None:
        """Naming it in params.protocolVersion selects no era."""
        self.assertLegacy(initialize(MODERN_VERSION), None)
        self.assertLegacy(initialize("v999.0.0"), None)

    def test_notification(self) -> None:
        """The header of a notification without envelope decides."""
        self.assertModern(notice("notifications/x"), MODERN_VERSION)
        self.assertLegacy(notice("notifications/x"), None)
        self.assertLegacy(notice("notifications/x"), "2025-06-18")

    def test_batch(self) -> None:
        """An array is legacy only."""
        self.assertLegacy([request("ping")], None)
        self.assertLegacy([request("ping")], "2025-03-26")
        with self.assertRaises(ProtocolError) as caught:
            era([request("ping")], MODERN_VERSION)
        self.assertEqual(
            (caught.exception.code, caught.exception.status), (-32600, 400)
        )

    def test_response(self) -> None:
        """A posted response is legacy only."""
        reply = {"jsonrpc": "2.0", "id": 1, "result": {}}
        self.assertLegacy(reply, None)
        with self.assertRaises(ProtocolError) as caught:
            era(reply, MODERN_VERSION)
        self.assertEqual(
            (caught.exception.code, caught.exception.status), (-32600, 400)
        )

    def test_legacy_version_in_meta(self) -> None:
        """With a legacy version in _meta the header decides."""
        message = modern(request("ping", {}), "2025-06-18")
        self.assertLegacy(message, None)
        self.assertLegacy(message, "2025-06-18")
        self.assertModern(message, MODERN_VERSION)

    def test_white_space_around_the_header(self) -> None:
        """Outer white space of the header does not count."""
        self.assertLegacy(request("ping"), " 2025-06-18 ")

    @settings(deadline=None)
    @given(
        st.dictionaries(
            st.sampled_from(["_meta", "a"]),
            st.none()
            | st.integers()
            | st.dictionaries(
                st.sampled_from([META_VERSION, "b"]),
                st.none() | st.text() | st.sampled_from(HEADERS) | st.lists(st.text()),
            ),
        ),
        st.none() | st.text() | st.sampled_from(HEADERS),
        st.sampled_from(["request", "notification", "reply", "batch"]),
    )
    def test_total(self, params: Json, header: str | None, kind: str) -> None:
        """Every body and header have an era, or are refused with -32600 and 400."""
        bodies: dict[str, Body] = {
            "request": Request(1, "m", params),
            "notification": Notification("m", params),
            "reply": ClientResponse(1, {}),
            "batch": Batch([]),
        }
        try:
            decided = classify(bodies[kind], header)
        except ProtocolError as error:
            self.assertEqual((error.code, error.status), (-32600, 400))
            self.assertIn(kind, ("reply", "batch"))
        else:
            self.assertIsInstance(decided, LegacyMessage | ModernMessage)


class ModernHeaderTests(SynchronousTestCase):
    def test_modern(self) -> None:
        """Only a supported modern revision is a modern header."""
        self.assertTrue(is_modern_header("2026-07-28"))
        self.assertTrue(is_modern_header(" 2026-07-28"))
        for header in (None, "", "v999.0.0", *LEGACY_VERSIONS):
            with self.subTest(header=header):
                self.assertFalse(is_modern_header(header))
