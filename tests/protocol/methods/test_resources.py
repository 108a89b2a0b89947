"""Listing, reading and watching resources, in every era."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.protocol.calls.ask_by_retry import InputRequired
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.calls.subscriptions import MAX_URI_CHARS, MAX_URIS
from instantly_mcp.protocol.methods.resources import (
    list_resources,
    list_templates,
    read_resource,
    subscribe,
    unsubscribe,
)
from instantly_mcp.protocol.primitives.registries import ResourceRegistry
from instantly_mcp.protocol.primitives.resource import ResourceContents
from instantly_mcp.protocol.server_features import (
    RequestContext,
    Result,
    ServerFeatures,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.versions import (
    ALL_REVISIONS,
    V2025_11_25,
    V2026_07_28,
    Revision,
)
from tests.support.cases import ClockedTestCase
from tests.support.servers import credential
from tests.support.toolboxes import Fault
from tests.support.wire import check_result

from ..calls.test_client_requests import NAME
from ..primitives.test_resource import LETTER, NOTE
from ..sample_features import features_of, request_context


def sealed(revision: Revision) -> JsonObject:
    """Return the members that the era's envelope adds to a list."""
    if not revision.modern:
        return {}
    return {"resultType": "complete", "ttlMs": 0, "cacheScope": "public"}


class ResourceTestCase(ClockedTestCase):
    """A registry with a note, letters, and what a test puts in `reading`."""

    def setUp(self) -> None:
        """Fill the registry."""
        super().setUp()
        self.calls: list[Call] = []
        self.reading: Deferred[Sequence[ResourceContents]] = Deferred()
        own = evolve(
            NOTE, uri="test://own", read=self.read, needs_credential=True, private=True
        )
        broken = evolve(NOTE, uri="test://broken", read=self.raises)
        registry = ResourceRegistry([NOTE, own, broken], [LETTER])
        self.features: ServerFeatures = features_of(self.clock, resources=registry)

    def read(
        self, uri: str, values: Mapping[str, str], call: Call
    ) -> Deferred[Sequence[ResourceContents]]:
        """Read what the test provides."""
        self.calls.append(call)
        return self.reading

    def raises(
        self, uri: str, values: Mapping[str, str], call: Call
    ) -> Deferred[Sequence[ResourceContents]]:
        """Raise instead of answering."""
        self.calls.append(call)
        raise Fault("a bug")

    def got(self, uri: Json, revision: Revision = V2026_07_28) -> Deferred[Result]:
        """Read a URI."""
        asked = request_context("resources/read", {"uri": uri}, revision=revision)
        return read_resource(self.features, asked)

    def refused(self, asked: RequestContext) -> ProtocolError:
        """Return the error with which reading is refused."""
        with self.assertRaises(ProtocolError) as caught:
            read_resource(self.features, asked)
        error: ProtocolError = caught.exception
        return error


class ListTests(ResourceTestCase):
    def test_every_revision(self) -> None:
        """Resources and templates are listed apart, in the order of the registry."""
        for version, revision in ALL_REVISIONS.items():
            for method, listing, count in (
                ("resources/list", list_resources, 3),
                ("resources/templates/list", list_templates, 1),
            ):
                with self.subTest(version=version, method=method):
                    found = listing(
                        self.features, request_context(method, {}, revision=revision)
                    )
                    shown = loads(dumps(found))
                    check_result(version, method, {**shown, **sealed(revision)})
                    [entries] = shown.values()
                    self.assertEqual(len(entries), count)

    def test_bad_cursor(self) -> None:
        """A cursor that this server did not issue is -32602."""
        for listing in (list_resources, list_templates):
            with self.assertRaises(ProtocolError) as caught:
                listing(
                    self.features, request_context("resources/list", {"cursor": "x"})
                )
            self.assertEqual(caught.exception.code, -32602)


class ReadTests(ResourceTestCase):
    def test_fixed(self) -> None:
        """A resource is read in every revision, and fits its schema."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                result = self.successResultOf(self.got("test://note", revision))
                [contents] = result["contents"]
                self.assertEqual(contents["uri"], "test://note")
                envelope = {"resultType": "complete"} if revision.modern else {}
                check_result(version, "resources/read", {**envelope, **result})

    def test_template(self) -> None:
        """The reader gets the values in the URI, decoded."""
        result = self.successResultOf(self.got("test://letters/%C3%A9?size=7"))
        self.assertEqual(result["contents"][0]["text"], "letter=é,size=7")

    def test_caching(self) -> None:
        """Only resources that are equal for all callers have a public cache scope."""
        public = self.successResultOf(self.got("test://note"))
        self.assertEqual((public["ttlMs"], public["cacheScope"]), (60_000, "public"))
        private = self.successResultOf(self.got("test://letters/a"))
        self.assertEqual((private["ttlMs"], private["cacheScope"]), (0, "private"))
        before = self.successResultOf(self.got("test://note", V2025_11_25))
        self.assertEqual(set(before), {"contents"})

    def test_not_found(self) -> None:
        """An unknown URI is an error that repeats it; its code is that of the era."""
        for version, revision in ALL_REVISIONS.items():
            with self.subTest(version=version):
                params = {"uri": "test://nothing"}
                error = self.refused(
                    request_context("resources/read", params, revision=revision)
                )
                self.assertEqual(error.code, -32602 if revision.modern else -32002)
                self.assertEqual(error.data, {"uri": "test://nothing"})

    def test_no_uri(self) -> None:
        """A URI that is not a string, or is too long, is -32602 in both eras."""
        uris: list[Json] = [None, 7, [], {}, "test://letters/" + "x" * MAX_URI_CHARS]
        for revision in ALL_REVISIONS.values():
            for uri in uris:
                with self.subTest(uri=str(uri)[:20], revision=revision.version):
                    asked = request_context(
                        "resources/read", {"uri": uri}, revision=revision
                    )
                    self.assertEqual(self.refused(asked).code, -32602)

    def test_needs_a_key(self) -> None:
        """Without a key a resource that needs one is refused, unless it is unknown."""
        asked = request_context("resources/read", {"uri": "test://own"}, key=None)
        error = self.refused(asked)
        self.assertEqual((error.code, error.status), (-32001, 401))
        unknown = request_context("resources/read", {"uri": "test://nothing"}, key=None)
        self.assertEqual(self.refused(unknown).code, -32602)
        self.assertEqual(self.calls, [])
        public = request_context("resources/read", {"uri": "test://note"}, key=None)
        self.successResultOf(read_resource(self.features, public))

    def test_asks(self) -> None:
        """A modern reader may ask first."""
        reading = self.got("test://own")
        self.calls[0].ask({"name": NAME}).addErrback(self.reading.errback)
        self.failureResultOf(reading, InputRequired)

    def test_bad_state(self) -> None:
        """A bad state is refused before anything is read."""
        params = {"uri": "test://own", "requestState": "x"}
        self.assertEqual(
            self.refused(request_context("resources/read", params)).code, -32602
        )
        self.assertEqual(self.calls, [])


class FinishedTests(ResourceTestCase):
    def test_answered(self) -> None:
        """Its call is over when a resource has been read."""
        reading = self.got("test://own")
        self.assertFalse(self.calls[0].finished)
        self.reading.callback([])
        self.assertTrue(self.calls[0].finished)
        self.assertEqual(self.successResultOf(reading)["contents"], [])

    def test_raises(self) -> None:
        """A reader that raises fails, and its call is over."""
        self.failureResultOf(self.got("test://broken"), Fault)
        self.assertTrue(self.calls[0].finished)

    def test_cancelled(self) -> None:
        """Cancelling cancels the reading."""
        reading = self.got("test://own")
        reading.cancel()
        self.failureResultOf(reading, CancelledError)
        self.assertTrue(self.calls[0].finished)


class SubscribeTests(ResourceTestCase):
    def setUp(self) -> None:
        """Open a session."""
        super().setUp()
        self.session = McpSession(
            id="s", revision=V2025_11_25, credential=credential(), last_seen=0.0
        )

    def asked(self, uri: Json, session: McpSession | None = None) -> RequestContext:
        """Return the context of a subscription."""
        return request_context(
            "resources/subscribe",
            {"uri": uri},
            revision=V2025_11_25,
            session=self.session if session is None else session,
        )

    def refused_code(self, uri: Json) -> int:
        """Return the code with which subscribing is refused."""
        with self.assertRaises(ProtocolError) as caught:
            subscribe(self.features, self.asked(uri))
        code: int = caught.exception.code
        return code

    def test_remembers(self) -> None:
        """The session stores each subscription once."""
        for _ in range(2):
            self.assertEqual(subscribe(self.features, self.asked("test://note")), {})
        subscribe(self.features, self.asked("test://letters/a"))
        self.assertEqual(
            set(self.session.subscriptions), {"test://note", "test://letters/a"}
        )

    def test_forgets(self) -> None:
        """Unsubscribing ends a subscription, and may be repeated."""
        subscribe(self.features, self.asked("test://note"))
        for _ in range(2):
            self.assertEqual(unsubscribe(self.features, self.asked("test://note")), {})
        self.assertEqual(self.session.subscriptions, {})

    def test_spelled_otherwise(self) -> None:
        """URIs that name the same resource are one subscription, in its normal form."""
        for uri in ("test://letters/é?size=%37", "test://letters/%c3%A9?size=7"):
            subscribe(self.features, self.asked(uri))
            held = set(self.session.subscriptions)
            self.assertEqual(held, {"test://letters/%C3%A9?size=7"})
        unsubscribe(self.features, self.asked("test://letters/%C3%a9?size=7"))
        self.assertEqual(self.session.subscriptions, {})

    def test_long_when_normal(self) -> None:
        """The length of a URI is limited, also in its normal form."""
        long = "test://letters/" + "é" * (MAX_URI_CHARS // 2)
        self.assertEqual(self.refused_code(long), -32602)

    def test_unknown(self) -> None:
        """A URI without a resource cannot be subscribed to."""
        self.assertEqual(self.refused_code("test://nothing"), -32002)
        self.assertEqual(self.refused_code(None), -32602)
        self.assertEqual(
            self.refused_code("test://letters/" + "x" * MAX_URI_CHARS), -32602
        )

    def test_bounded(self) -> None:
        """A session has a limited number of subscriptions, and may repeat them."""
        for number in range(MAX_URIS):
            subscribe(self.features, self.asked(f"test://letters/{number}"))
        self.assertEqual(self.refused_code("test://note"), -32602)
        self.assertEqual(subscribe(self.features, self.asked("test://letters/7")), {})

    def test_without_session(self) -> None:
        """Without a session updates cannot be delivered: an error with status 200."""
        params: JsonObject = {"uri": "test://note"}
        bare = request_context("resources/subscribe", params, revision=V2025_11_25)
        with self.assertRaises(ProtocolError) as caught:
            subscribe(self.features, bare)
        error = caught.exception
        self.assertEqual((error.code, error.status), (-32600, 200))
        self.assertIn("initialize", error.message)
        self.assertEqual(unsubscribe(self.features, bare), {})
