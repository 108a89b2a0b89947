"""HTTP in the modern era: one message per POST, and headers that match it."""

from __future__ import annotations

from base64 import b64encode

from instantly_mcp._json_codec import Json, dumps
from instantly_mcp.pipeline.exchange import Route
from tests.support.messages import (
    META,
    MODERN_VERSION,
    call,
    modern,
    notice,
    request,
)
from tests.support.servers import ADA, BOB

from .everything import HOST, RulesTestCase

LIST = modern(request("tools/list", id=7))
HELLO = modern(call("hello", id=7))


def sentinel(value: str) -> str:
    """Return a header value as a client encodes text that a header cannot hold."""
    return f"=?base64?{b64encode(value.encode()).decode()}?="


class BodyTests(RulesTestCase):
    def test_batches_are_refused(self) -> None:
        """An array, also of one request, is -32600 with 400 and executes nothing."""
        for batch in ([HELLO], [HELLO, LIST]):
            received = self.rig.send(
                batch, version=MODERN_VERSION, speaks=MODERN_VERSION
            )
            self.assertRefused(received, 400, -32600)
        self.assertEqual(self.rig.small.ran, [])

    def test_posted_responses_are_refused(self) -> None:
        """A response is -32600 with 400: in this era the server sends no requests."""
        answer: Json = {"jsonrpc": "2.0", "id": "server-1", "result": {}}
        received = self.rig.send(answer, version=MODERN_VERSION, speaks=MODERN_VERSION)
        self.assertRefused(received, 400, -32600)
        self.assertEqual(received.message["id"], "server-1")

    def test_invalid_json(self) -> None:
        """A body that is not JSON is -32700 with 400 and without an id."""
        received = self.rig.send(
            body=b'{"jsonrpc":', version=MODERN_VERSION, speaks=MODERN_VERSION
        )
        self.assertRefused(received, 400, -32700)
        self.assertNotIn("id", received.message)

    def test_keys_given_twice(self) -> None:
        """A duplicate key, at any depth, is -32600 and nothing is executed.

        Otherwise a proxy that filters by method could read another value than this
        server executes.
        """
        hello = dumps(call("hello"))
        for once, twice in (
            (b'"method"', b'"method":"ping","method"'),
            (b'"method"', b'"\\u006dethod" : "ping","method"'),
            (b'"id"', b'"id":0,"id"'),
            (b'"name"', b'"name":"slow","name"'),
            (b'{"name"', b'{"arguments":{"x":[{"a":1,"":{},"a":1}]},"name"'),
        ):
            with self.subTest(twice=twice):
                self.assertIn(once, hello)
                body = hello.replace(once, twice)
                self.assertRefused(self.rig.send(body=body), 400, -32600)
                self.assertRefused(self.client().ask(None, body=body), 400, -32600)
        self.assertEqual(self.rig.small.ran, [])

    def test_values_are_bounded(self) -> None:
        """A body of more than 100,000 values is -32600 and is not decoded."""
        members: Json = {f"key {number}": 1 for number in range(100_001)}
        received = self.rig.send(call("hello", members))
        self.assertRefused(received, 400, -32600)
        self.assertIn("100,000", received.error["message"])
        leads = [{"email": "a@example.com", "note": "a, b: [c]"}] * 25_000
        received = self.rig.send(call("echo", {"leads": leads}))
        self.assertTrue(received.result["isError"])

    def test_notifications_are_accepted(self) -> None:
        """A notification is 202 without a body, and changes nothing."""
        held = self.ask(call("slow", id=1))
        message = modern(notice("notifications/cancelled", {"requestId": 1}))
        received = self.rig.send_modern(message)
        self.assertEqual((received.status, received.messages), (202, []))
        self.assertFalse(self.rig.small.running[0].cancelled)
        self.rig.small.running[0].finish()
        self.assertEqual(self.text_of(held), "done")


class OriginTests(RulesTestCase):
    def test_foreign_origin(self) -> None:
        """A request of another origin is 403 before its body is read, in both eras."""
        evil = {"origin": "https://evil.example.com"}
        received = self.rig.send_modern(HELLO, with_headers=evil)
        self.assertEqual(received.status, 403)
        client = self.client()
        self.assertEqual(client.ask(call("hello"), with_headers=evil).status, 403)
        self.assertEqual(self.rig.small.ran, [])

    def test_foreign_host(self) -> None:
        """An unknown Host is refused although there is no Origin."""
        received = self.rig.send_modern(HELLO, with_headers={"host": "evil.example"})
        self.assertEqual(received.status, 421)
        self.assertEqual(self.rig.small.ran, [])

    def test_host_does_not_vouch_for_origin(self) -> None:
        """An Origin that equals the Host is refused if that host is not allowed."""
        fields = {"host": "evil.example:80", "origin": "http://evil.example:80"}
        self.assertIn(
            self.rig.send_modern(HELLO, with_headers=fields).status, (403, 421)
        )
        fields["host"] = HOST
        self.assertEqual(self.rig.send_modern(HELLO, with_headers=fields).status, 403)

    def test_two_origins(self) -> None:
        """A second Origin header is checked, too, after an allowed one."""
        fields = {"origin": [f"http://{HOST}", "https://evil.example.com"]}
        self.assertEqual(self.rig.send_modern(HELLO, with_headers=fields).status, 403)

    def test_own_origin(self) -> None:
        """A page that this server served is an allowed origin."""
        fields = {"origin": f"http://{HOST}"}
        self.assertEqual(self.rig.send_modern(HELLO, with_headers=fields).status, 200)


class RoutingHeaderTests(RulesTestCase):
    def refused(self, name: str, value: str | list[str], message: Json = HELLO) -> None:
        """A header of this value is -32020 with 400, and nothing runs."""
        with self.subTest(name=name, value=value):
            received = self.rig.send_modern(message, with_headers={name: value})
            self.assertRefused(received, 400, -32020)
            self.assertEqual(received.message["id"], message["id"])
            self.assertEqual(self.rig.small.ran, [])

    def test_missing(self) -> None:
        """A request without one of its routing headers is -32020."""
        for name in ("mcp-protocol-version", "mcp-method", "mcp-name"):
            self.refused(name, [])

    def test_different(self) -> None:
        """A routing header that differs from the body, in case too, is -32020."""
        self.refused("mcp-protocol-version", "2027-01-01")
        self.refused("mcp-method", "tools/list")
        self.refused("mcp-method", "TOOLS/CALL")
        self.refused("mcp-name", "sky")
        self.refused("mcp-name", "Hello")

    def test_repeated(self) -> None:
        """A routing header given twice is -32020, even if both values are right."""
        self.refused("mcp-protocol-version", [MODERN_VERSION] * 2)
        self.refused("mcp-method", ["tools/call"] * 2)
        self.refused("mcp-name", ["hello"] * 2)

    def test_uri(self) -> None:
        """For resources/read Mcp-Name repeats the uri, for prompts/get the name."""
        read = modern(request("resources/read", {"uri": "test://static-text"}))
        got = modern(request("prompts/get", {"name": "test_simple_prompt"}))
        for message in (read, got):
            self.assertEqual(self.rig.send_modern(message).status, 200)
            self.refused("mcp-name", "test://static-binary", message)
            self.refused("mcp-name", [], message)

    def test_task_id(self) -> None:
        """For tasks/* Mcp-Name repeats the taskId, checked before the capability."""
        for method in ("tasks/get", "tasks/update", "tasks/cancel"):
            message = modern(request(method, {"taskId": "x" * 22}))
            self.refused("mcp-name", "y" * 22, message)
            self.refused("mcp-name", [], message)
            self.assertRefused(self.rig.send_modern(message), 400, -32021)

    def test_name_where_there_is_none(self) -> None:
        """A method without a name needs no Mcp-Name."""
        self.assertEqual(self.rig.send_modern(LIST).status, 200)

    def test_outer_white_space(self) -> None:
        """White space around a value is ignored."""
        fields = {"mcp-method": " tools/call ", "mcp-name": "  hello  "}
        self.assertEqual(self.rig.send_modern(HELLO, with_headers=fields).status, 200)

    def test_sentinel_encoded_name(self) -> None:
        """Mcp-Name may be base64 in a sentinel; it is decoded before comparing."""
        fields = {"mcp-name": sentinel("hello")}
        self.assertEqual(self.rig.send_modern(HELLO, with_headers=fields).status, 200)
        self.rig.small.ran.clear()
        self.refused("mcp-name", sentinel("sky"))
        self.refused("mcp-name", sentinel("hello").replace("base64", "BASE64"))
        self.refused("mcp-name", "=?base64?aGVsbG8?=")
        # Bits that no byte takes: another reader may see another name, or none.
        self.refused("mcp-name", "=?base64?aGVsbG9=?=")

    def test_sentinel_of_a_uri(self) -> None:
        """A URI outside ASCII is accepted in its encoded form."""
        uri = "test://template/grün/data"
        message = modern(request("resources/read", {"uri": uri}))
        fields = {"mcp-name": sentinel(uri)}
        received = self.rig.send_modern(message, with_headers=fields)
        self.assertEqual(received.result["contents"][0]["uri"], uri)

    def test_method_is_never_encoded(self) -> None:
        """Mcp-Method has no encoded form."""
        self.refused("mcp-method", sentinel("tools/call"))


class AnswerTests(RulesTestCase):
    def test_stream_has_no_ids(self) -> None:
        """A stream of this era has neither event ids nor retry, and ends."""
        message = call("report", {"steps": [1, 2]}, token="t", id=3)
        received = self.ask(message)
        self.assertTrue(received.streams)
        self.assertEqual([event.id for event in received.events], [None] * 3)
        self.assertEqual([event.retry for event in received.events], [None] * 3)
        self.assertTrue(received.ended)
        self.assertEqual([one.get("id") for one in received.messages], [None, None, 3])

    def test_disconnect_cancels(self) -> None:
        """A client's disconnect cancels its call, before a stream began or after."""
        for wait in (0, 30):
            with self.subTest(wait=wait):
                received = self.ask(call("slow"))
                running = self.rig.small.running[-1]
                self.clock.advance(wait)
                self.assertEqual(received.streams, bool(wait))
                received.leave()
                self.assertTrue(running.cancelled)
                self.assertEqual(received.messages, [])

    def test_disconnect_cancels_only_that(self) -> None:
        """Other calls with the same id, key or tool continue."""
        mine, other = self.ask(call("slow", id=1)), self.ask(call("slow", id=1))
        mine.leave()
        self.assertEqual(
            [one.cancelled for one in self.rig.small.running], [True, False]
        )
        self.rig.small.running[1].finish()
        self.assertEqual(self.text_of(other), "done")

    def test_session_ids_are_ignored(self) -> None:
        """A modern request with any session id is served, and no session is created."""
        own, foreign = self.client(), self.client(key=BOB)
        for named in (own.session, foreign.session, "unknown-id"):
            with self.subTest(named=named):
                fields = {"mcp-session-id": named, "last-event-id": "a_1"}
                received = self.rig.send_modern(HELLO, with_headers=fields)
                self.assertEqual(received.status, 200)
                self.assertIsNone(received.header("mcp-session-id"))
        self.assertEqual(self.rig.store.count, 2)

    def test_ended_session_is_ignored(self) -> None:
        """The id of an ended session does not affect a modern request."""
        client = self.client()
        self.rig.send(method="DELETE", session=client.session)
        fields = {"mcp-session-id": client.session}
        received = self.rig.send_modern(HELLO, with_headers=fields)
        self.assertEqual(received.status, 200)

    def test_session_state_does_not_count(self) -> None:
        """A session's log level and capabilities do not apply to a modern request."""
        client = self.client()
        client.ask(request("logging/setLevel", {"level": "debug"}))
        fields = {"mcp-session-id": client.session}
        talk = self.rig.send_modern(modern(call("talk")), with_headers=fields)
        self.assertEqual(talk.notifications, [])
        needy = modern(call("test_missing_capability"))
        received = self.rig.send_modern(needy, with_headers=fields)
        self.assertRefused(received, 400, -32021)

    def test_get_and_delete(self) -> None:
        """GET and DELETE of a modern client are 405 with an Allow header."""
        client = self.client()
        for method in ("GET", "DELETE"):
            for session in (None, client.session):
                received = self.rig.send(
                    method=method, version=MODERN_VERSION, session=session
                )
                self.assertEqual(received.status, 405)
                self.assertIn("POST", received.header("allow") or "")
        self.assertEqual(client.ask(request("ping")).status, 200)


class AuthorizationTests(RulesTestCase):
    def test_missing_key(self) -> None:
        """Without its key a call is 401 with a challenge, and is not executed."""
        message = modern(call("slow"))
        received = self.rig.send_modern(message, key=None)
        self.assertRefused(received, 401, -32001)
        self.assertEqual(received.header("www-authenticate"), "Bearer")
        self.assertEqual(self.rig.small.ran, [])

    def test_lists_need_none(self) -> None:
        """Requests whose answer is the same for every caller need no key."""
        for method in ("server/discover", "tools/list", "resources/list"):
            received = self.rig.send_modern(modern(request(method)), key=None)
            self.assertEqual(received.status, 200)

    def test_private_resource(self) -> None:
        """A resource that depends on the caller is 401 without a key."""
        message = modern(request("resources/read", {"uri": "test://own"}))
        self.assertRefused(self.rig.send_modern(message, key=None), 401, -32001)

    def test_two_keys(self) -> None:
        """A request with two different keys is refused."""
        fields = {"authorization": f"Bearer {BOB}", "x-api-key": ADA}
        received = self.rig.send_modern(HELLO, with_headers=fields, key=None)
        self.assertEqual(received.status, 400)
        self.assertEqual(self.rig.small.ran, [])

    def test_same_key_twice(self) -> None:
        """The same key in two headers is accepted."""
        fields = {"authorization": f"Bearer {ADA}", "x-api-key": ADA}
        received = self.rig.send_modern(
            modern(call("who_am_i")), with_headers=fields, key=None
        )
        self.assertEqual(received.status, 200)

    def test_other_routes_have_no_modern_era(self) -> None:
        """A modern request on /messages is answered in the POST, in its own era."""
        received = self.rig.send_modern(HELLO, route=Route.MESSAGES)
        self.assertEqual(received.result["resultType"], "complete")
        self.assertIn(META + "serverInfo", received.result["_meta"])
