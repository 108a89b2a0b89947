"""Reading one HTTP body as JSON-RPC, and writing one answer."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Encoded, Json, dumps, loads
from instantly_mcp.protocol.wire.errors import ProtocolError, invalid_request
from instantly_mcp.protocol.wire.jsonrpc import (
    Batch,
    ClientResponse,
    Id,
    InvalidMember,
    MalformedMessage,
    Notification,
    Request,
    Response,
    decode,
    notification,
    peek_id,
)
from tests.support.messages import notice, request

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ids = text | st.integers(-(2**63), 2**64 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | text,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["jsonrpc", "id", "method", "params", "result", "error", "_meta"]
            )
            | text,
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
params = st.dictionaries(text, json_values, max_size=4)


def refused(body: bytes) -> MalformedMessage:
    """Decode a body that must be refused; return the refusal."""
    try:
        decoded = decode(body)
    except MalformedMessage as malformed:
        return malformed
    raise AssertionError(f"decoded as {decoded!r}")


class DecodeTests(SynchronousTestCase):
    def test_request(self) -> None:
        """A method with an id is a request."""
        body = dumps(request("ping", {"a": 1}, id=7))
        self.assertEqual(decode(body), Request(7, "ping", {"a": 1}))

    def test_params_are_optional(self) -> None:
        """A message without params has empty ones."""
        self.assertEqual(decode(dumps(request("ping"))), Request(1, "ping", {}))
        self.assertEqual(decode(dumps(notice("x"))), Notification("x", {}))

    def test_notification(self) -> None:
        """A method without an id is a notification."""
        body = dumps(notice("notifications/initialized", {"a": 1}))
        self.assertEqual(
            decode(body), Notification("notifications/initialized", {"a": 1})
        )

    def test_notification_with_odd_params(self) -> None:
        """A notification has no answer, so malformed params are taken as none."""
        for odd in ([1], "x", None, 3):
            with self.subTest(params=odd):
                self.assertEqual(decode(dumps(notice("x", odd))), Notification("x", {}))

    def test_reply(self) -> None:
        """A result or an error without a method is a response to a server request."""
        self.assertEqual(
            decode(b'{"jsonrpc":"2.0","id":"q","result":{"a":1}}'),
            ClientResponse("q", {"a": 1}),
        )
        error = {"code": 1, "message": "no"}
        self.assertEqual(
            decode(dumps({"jsonrpc": "2.0", "id": 3, "error": error})),
            ClientResponse(3, None, error),
        )

    def test_falsy_ids(self) -> None:
        """The ids 0 and "" are ids like any other."""
        for id in (0, ""):
            with self.subTest(id=id):
                decoded = decode(dumps(request("ping", id=id)))
                self.assertEqual(decoded, Request(id, "ping"))

    def test_ids_that_are_none(self) -> None:
        """null, true, fractions, lists and objects are not ids: -32600 without id."""
        for id in (None, True, False, 1.5, [1], {"a": 1}):
            with self.subTest(id=id):
                malformed = refused(dumps(request("ping", id=id)))
                self.assertEqual(malformed.error.code, -32600)
                self.assertEqual(malformed.error.status, 400)
                self.assertIsNone(malformed.id)

    def test_no_json(self) -> None:
        """A body that is not JSON is a parse error with HTTP status 400 and no id."""
        for body in (b"", b"{", b"\xff\xfe", b"ping", b'{"a":NaN}', b'"\\ud800'):
            with self.subTest(body=body):
                malformed = refused(body)
                self.assertEqual(malformed.error.code, -32700)
                self.assertEqual(malformed.error.status, 400)
                self.assertIsNone(malformed.id)

    def test_no_message(self) -> None:
        """JSON that is not a message is -32600 with HTTP status 400."""
        for body in (b"1", b'"x"', b"null", b"true", b"{}", b"[]"):
            with self.subTest(body=body):
                malformed = refused(body)
                self.assertEqual(malformed.error.code, -32600)
                self.assertEqual(malformed.error.status, 400)

    def test_id_of_a_broken_message(self) -> None:
        """A message that is wrong elsewhere is refused with its own id."""
        broken: list[Json] = [
            {"id": 5, "method": "ping"},
            {"jsonrpc": "1.0", "id": 5, "method": "ping"},
            {"jsonrpc": "2.0", "id": 5, "method": 9},
            {"jsonrpc": "2.0", "id": 5, "method": None},
            {"jsonrpc": "2.0", "id": 5},
            {"jsonrpc": "2.0", "id": 5, "result": 1, "error": {}},
            {"jsonrpc": "2.0", "id": 5, "error": "no object"},
        ]
        for message in broken:
            with self.subTest(message=message):
                malformed = refused(dumps(message))
                self.assertEqual(malformed.error.code, -32600)
                self.assertEqual(malformed.id, 5)

    def test_params_that_are_not_an_object(self) -> None:
        """A request whose params are not an object is -32602 with 400 and its id."""
        for odd in ([], [1], "x", False, 3):
            with self.subTest(params=odd):
                malformed = refused(dumps(request("ping", odd, id="a")))
                self.assertEqual(malformed.error.code, -32602)
                self.assertEqual(malformed.error.status, 400)
                self.assertEqual(malformed.id, "a")

    def test_null_params(self) -> None:
        """Params that are null are as good as none."""
        self.assertEqual(decode(dumps(request("ping", None))), Request(1, "ping"))
        self.assertEqual(decode(dumps(notice("x", None))), Notification("x"))

    def test_half_an_emoji(self) -> None:
        """A request in which an emoji was cut in half is read, with U+FFFD there."""
        body = rb'{"jsonrpc":"2.0","id":"i\ud83d","method":"m","params":{"a":"\ud83d"}}'
        self.assertEqual(decode(body), Request("i\ufffd", "m", {"a": "\ufffd"}))
        self.assertEqual(peek_id(body), "i\ufffd")

    def test_two_halves_as_names(self) -> None:
        """Names that are the same once they are replaced repeat a key."""
        body = (
            rb'{"jsonrpc":"2.0","id":1,"method":"m","params":{"\ud83d":1,"\ud83e":2}}'
        )
        self.assertEqual(refused(body).error.code, -32600)

    def test_batch(self) -> None:
        """An array is a batch; an invalid member is marked as broken."""
        body = decode(dumps([request("ping"), notice("x"), 7, {"id": 2}]))
        assert isinstance(body, Batch)
        first, second, third, fourth = body.members
        self.assertEqual(first, Request(1, "ping"))
        self.assertEqual(second, Notification("x"))
        assert isinstance(third, InvalidMember)
        assert isinstance(fourth, InvalidMember)
        self.assertEqual((third.id, third.error.code), (None, -32600))
        self.assertEqual((fourth.id, fourth.error.code), (2, -32600))

    def test_batch_within_a_batch(self) -> None:
        """A batch inside a batch is a broken member."""
        body = decode(dumps([[request("ping")]]))
        assert isinstance(body, Batch)
        self.assertIsInstance(body.members[0], InvalidMember)


class DecodeProperties(SynchronousTestCase):
    @settings(deadline=None, max_examples=300)
    @given(st.binary() | json_values.map(dumps))
    def test_fails_in_one_way(self, body: bytes) -> None:
        """For any input, decode returns a message or raises MalformedMessage."""
        try:
            decoded = decode(body)
        except MalformedMessage as malformed:
            self.assertIn(malformed.error.code, (-32700, -32600, -32602))
            self.assertEqual(malformed.error.status, 400)
            self.assertNotIsInstance(malformed.id, bool)
        else:
            self.assertIsInstance(
                decoded, Request | Notification | ClientResponse | Batch
            )

    @settings(deadline=None)
    @given(ids, text, params)
    def test_requests_round_trip(self, id: Id, method: str, params: Json) -> None:
        """A request decodes to exactly its id, method and params."""
        body = dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        decoded = decode(body)
        self.assertEqual(decoded, Request(id, method, params))
        assert isinstance(decoded, Request)
        self.assertIs(type(decoded.id), type(id))
        self.assertEqual(peek_id(body), id)

    @settings(deadline=None)
    @given(text, params)
    def test_notifications_round_trip(self, method: str, params: Json) -> None:
        """A notification that this server writes decodes to that notification."""
        body = dumps(notification(method, params))
        self.assertEqual(decode(body), Notification(method, params))

    @settings(deadline=None)
    @given(ids, json_values)
    def test_responses_round_trip(self, id: Id, result: Json) -> None:
        """A response that this server writes decodes as the response to its id."""
        self.assertEqual(
            decode(Response(id, result).encode()), ClientResponse(id, result)
        )

    @settings(deadline=None)
    @given(st.binary() | json_values.map(dumps))
    def test_peeking_never_fails(self, body: bytes) -> None:
        """peek_id returns an id or None for any body."""
        id = peek_id(body)
        self.assertTrue(id is None or type(id) in (str, int))


class ResponseTests(SynchronousTestCase):
    def test_result(self) -> None:
        """A result is written with its id and status 200."""
        response = Response(0, {"a": 1})
        self.assertEqual(
            loads(response.encode()), {"jsonrpc": "2.0", "id": 0, "result": {"a": 1}}
        )
        self.assertEqual(response.status, 200)

    def test_error_keeps_falsy_ids(self) -> None:
        """An error echoes the ids 0 and "" as they came, and never as null."""
        for id in (0, ""):
            with self.subTest(id=id):
                response = Response(id, error=invalid_request("no"))
                self.assertEqual(response.as_object()["id"], id)

    def test_error_without_id(self) -> None:
        """An id that could not be read is left out: MCP forbids null."""
        response = Response(None, error=invalid_request("no"))
        self.assertNotIn("id", response.as_object())

    def test_status_is_that_of_the_error(self) -> None:
        """An error decides the HTTP status."""
        response = Response(1, error=ProtocolError(-32000, "late", status=429))
        self.assertEqual(response.status, 429)

    def test_encoded_result(self) -> None:
        """A result that is encoded already is copied as it is."""
        response = Response("a", {"tools": Encoded(b'[{"name":"x"}]')})
        self.assertEqual(
            response.encode(),
            b'{"jsonrpc":"2.0","id":"a","result":{"tools":[{"name":"x"}]}}',
        )


class PeekTests(SynchronousTestCase):
    def test_finds_the_id(self) -> None:
        """The id of a refused request is read when it is one."""
        self.assertEqual(peek_id(b'{"id": 0}'), 0)
        self.assertEqual(peek_id(b'{"id": "x", "method": 3}'), "x")

    def test_finds_none(self) -> None:
        """Batches, scalars, malformed bodies and bad ids have none."""
        for body in (b'[{"id":1}]', b"7", b"{", b"", b'{"id":true}', b'{"id":null}'):
            with self.subTest(body=body):
                self.assertIsNone(peek_id(body))
