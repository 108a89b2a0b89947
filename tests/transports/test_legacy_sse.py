"""HTTP+SSE of 2024-11-05: the endpoint event, 202, answers on the stream."""

from __future__ import annotations

from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import Json
from instantly_mcp.pipeline.exchange import Route
from instantly_mcp.pipeline.interfaces import ITransport
from tests.support.clients import RigTestCase, SessionClient, StreamClient
from tests.support.messages import (
    MODERN_VERSION,
    call,
    initialize,
    modern,
    modern_headers,
    notice,
    request,
)
from tests.support.received import methods_of
from tests.support.servers import ADA, BOB


class OpeningTests(RigTestCase):
    def test_provides(self) -> None:
        """It is a transport."""
        self.assertTrue(verifyObject(ITransport, self.rig.legacy_sse))

    def test_endpoint_comes_first(self) -> None:
        """The first event says, relative, where to post; the stream stays open."""
        for route in (Route.SSE, Route.MCP):
            with self.subTest(route=route):
                stream = self.rig.send(
                    method="GET",
                    route=route,
                    with_headers={"accept": "text/event-stream"},
                )
                self.assertTrue(stream.streams)
                [first] = stream.events
                self.assertEqual(first.name, "endpoint")
                self.assertRegex(first.data, rb"^/messages\?sessionId=[!-~]+$")
                self.assertFalse(stream.ended)

    def test_it_is_a_session(self) -> None:
        """An open stream is a session that is held under the id it was given."""
        client = StreamClient(self.rig)
        session = self.rig.sessions.held[client.session]
        client.ask(initialize("2024-11-05"))
        self.assertEqual(session.revision.version, "2024-11-05")
        self.assertEqual(len(session.streams), 1)

    def test_needs_a_key(self) -> None:
        """Without a key there is no stream: 401."""
        stream = self.rig.send(method="GET", route=Route.SSE, key=None)
        self.assertEqual((stream.status, stream.error["code"]), (401, -32001))
        self.assertEqual(self.rig.sessions.count, 0)

    def test_head(self) -> None:
        """HEAD says what GET would be, to whom it would be that, and opens nothing."""
        shown = self.rig.send(method="HEAD", route=Route.SSE)
        self.assertEqual(shown.status, 200)
        self.assertFalse(shown.streams)
        refused = self.rig.send(method="HEAD", route=Route.SSE, key=None)
        self.assertEqual(refused.status, 401)
        self.assertEqual(self.rig.sessions.count, 0)

    def test_bare_get_that_wants_no_stream(self) -> None:
        """A GET of /mcp by a browser or curl opens no stream."""
        none = "text/event-stream;q=0, application/json"
        for accept in ("*/*", "application/json", "text/html", none):
            with self.subTest(accept=accept):
                received = self.rig.send(method="GET", with_headers={"accept": accept})
                self.assertEqual(received.status, 405)
        self.assertEqual(self.rig.sessions.count, 0)

    def test_modern_get(self) -> None:
        """A GET of /mcp with the modern version header opens no stream."""
        received = self.rig.send(method="GET", version=MODERN_VERSION)
        self.assertEqual(received.status, 405)


class MessageTests(RigTestCase):
    def setUp(self) -> None:
        """Open a stream."""
        super().setUp()
        self.client = StreamClient(self.rig)

    def assertHeard(self, *ids: Json) -> None:
        """Exactly these answers arrived, in order."""
        self.assertEqual([one["id"] for one in self.client.responses()], list(ids))

    def test_disconnect_waits_for_answers(self) -> None:
        """A stream that is to end for want of a new secret first carries its answers.

        What is posted meanwhile is answered too; afterwards it is 404.
        """
        session = self.rig.sessions.held[self.client.session]
        self.client.ask(call("slow", {"tag": "a"}, id=1))
        session.disconnect()
        self.assertFalse(self.client.stream.ended)
        self.client.ask(call("echo", {"words": "x"}, id=2))
        self.assertFalse(self.client.stream.ended)
        self.rig.toolbox.running[0].finish()
        self.assertHeard(2, 1)
        self.assertTrue(self.client.stream.ended)
        self.assertFalse(session.replaces_key)
        self.assertEqual(self.client.ask(request("ping", {}, id=3)).status, 404)

    def test_reconnect(self) -> None:
        """A client that comes back gets its session, and a stream that stays."""
        self.rig.sessions.held[self.client.session].disconnect()
        last = self.client.stream.events[-1].id
        again = StreamClient(self.rig, last_event_id=last)
        self.assertEqual(again.session, self.client.session)
        again.ask(request("ping", {}, id=3))
        self.assertEqual([one["id"] for one in again.responses()], [3])
        self.assertFalse(again.stream.ended)

    def test_reconnect_before_the_old_end_is_noticed(self) -> None:
        """One stream at a time: the old one ends, and its end takes nothing away.

        The event that the client names may be one that is not known any more.
        """
        session = self.rig.sessions.held[self.client.session]
        for place in ("0", "unknown"):
            with self.subTest(place=place):
                last = f"{self.client.session}_{place}"
                self.client.ask(call("slow", {"tag": place}, id=2))
                again = StreamClient(self.rig, last_event_id=last)
                again.stream.methods.update(self.client.stream.methods)
                self.rig.toolbox.running[-1].finish()
                self.assertTrue(self.client.stream.ended)
                self.client.stream.leave()
                self.assertTrue(session.replaces_key)
                self.assertEqual(len(session.streams), 1)
                again.ask(request("ping", {}, id=3))
                self.assertEqual([one["id"] for one in again.responses()], [2, 3])
                self.client = again
        self.rig.sessions.end(session, "test")
        self.assertEqual(self.rig.legacy_sse.logs.retention.kept_bytes, 0)

    def test_disconnect_of_an_idle_stream(self) -> None:
        """Without a call it ends at once."""
        session = self.rig.sessions.held[self.client.session]
        self.assertTrue(session.replaces_key)
        session.disconnect()
        self.assertTrue(self.client.stream.ended)
        self.assertFalse(session.ended)

    def test_probe_for_the_stateless_era(self) -> None:
        """A client that tries server/discover first gets an error on its stream.

        With any other status than 202 the official Python client stops posting.
        """
        probe = modern(request("server/discover", {}, id=5))
        for headers in ({}, modern_headers(probe)):
            with self.subTest(headers=headers):
                posted = self.rig.send(
                    probe,
                    route=Route.MESSAGES,
                    session=self.client.session,
                    key=None,
                    with_headers=headers,
                )
                self.assertEqual((posted.status, posted.messages), (202, []))
                error = self.client.stream.messages[-1]["error"]
                self.assertEqual(error["code"], -32601)
        self.client.ask(initialize("2024-11-05", id=6))
        self.assertHeard(5, 5, 6)

    def test_modern_envelope(self) -> None:
        """An envelope changes nothing here: the stream's own revision counts."""
        message = modern(call("echo", {"words": "hi"}, id=5))
        self.client.stream.methods.update(methods_of(message))
        posted = self.rig.send_modern(
            message, route=Route.MESSAGES, session=self.client.session, key=None
        )
        self.assertEqual((posted.status, posted.messages), (202, []))
        self.assertHeard(5)
        self.assertNotIn("resultType", self.client.responses()[0]["result"])

    def test_answers_on_the_stream(self) -> None:
        """A request gets 202 and no body; its answer is a message event."""
        for id, message in enumerate(
            (
                initialize("2024-11-05"),
                request("ping"),
                request("tools/list"),
                call("echo", {"words": "x"}),
            )
        ):
            posted = self.client.ask({**message, "id": id})
            self.assertEqual((posted.status, posted.messages), (202, []))
        self.assertHeard(0, 1, 2, 3)
        names = {event.name for event in self.client.stream.events[1:]}
        self.assertEqual(names, {"message"})

    def test_notifications(self) -> None:
        """A notification gets 202 and nothing on the stream."""
        posted = self.client.ask(notice("notifications/initialized"))
        self.assertEqual(posted.status, 202)
        self.assertHeard()

    def test_errors(self) -> None:
        """Errors of the method travel on the stream too."""
        self.client.ask(request("nothing", {}, id=0))
        self.assertHeard(0)
        self.assertEqual(self.client.responses()[0]["error"]["code"], -32601)

    def test_malformed(self) -> None:
        """A malformed message is refused on the stream, if its id can be read."""
        posted = self.client.ask({"id": 1})
        self.assertEqual((posted.status, posted.messages), (202, []))
        self.assertHeard(1)
        self.assertEqual(self.client.responses()[0]["error"]["code"], -32600)
        posted = self.client.ask({"id": None})
        self.assertEqual((posted.status, posted.error["code"]), (400, -32600))
        self.assertHeard(1)

    def test_slow_calls(self) -> None:
        """Calls are answered when they are done, in whatever order."""
        self.client.ask(call("slow", id=1))
        self.client.ask(call("slow", id=2))
        self.clock.advance(50)
        self.assertHeard()
        self.rig.toolbox.running[1].finish()
        self.rig.toolbox.running[0].finish()
        self.assertHeard(2, 1)

    def test_progress(self) -> None:
        """Progress travels on the stream, in the form of 2024-11-05, before the end."""
        self.client.ask(initialize("2024-11-05", id=0))
        self.client.ask(call("steps", token="t", id=1))
        self.rig.toolbox.running[0].finish()
        heard = self.client.stream.messages[1:]
        self.assertEqual(len(heard), 4)
        self.assertEqual([one["params"]["progress"] for one in heard[:3]], [1, 2, 3])
        self.assertNotIn("message", heard[0]["params"])

    def test_none_after_the_end(self) -> None:
        """What a tool reports after its answer is not sent."""
        self.client.ask(call("steps", token="t"))
        running = self.rig.toolbox.running[0]
        running.finish()
        running.call.progress(9)
        self.assertEqual(len(self.client.stream.messages), 4)

    def test_cancelled(self) -> None:
        """notifications/cancelled ends a call, which has no answer then."""
        self.client.ask(call("slow", id=1))
        self.client.ask(notice("notifications/cancelled", {"requestId": 1}))
        self.assertTrue(self.rig.toolbox.running[0].cancelled)
        self.assertHeard()
        self.assertEqual(self.rig.work.tracked, [])

    def test_calls_are_tracked(self) -> None:
        """The daemon's stop waits for calls whose answer is still to be sent."""
        self.client.ask(call("slow"))
        self.assertEqual(len(self.rig.work.tracked), 1)
        self.rig.toolbox.running[0].finish()
        self.assertEqual(self.rig.work.tracked, [])

    def test_bug(self) -> None:
        """A bug is answered on the stream like any error."""
        self.client.ask(call("boom", id=0))
        self.assertEqual(self.client.responses()[0]["error"]["code"], -32603)
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_negotiation(self) -> None:
        """A client may agree on a later revision over its stream."""
        self.client.ask(initialize("2025-03-26"))
        session = self.rig.sessions.held[self.client.session]
        self.assertEqual(session.revision.version, "2025-03-26")

    def test_batches(self) -> None:
        """A batch is refused as 2024-11-05 has none, and answered in 2025-03-26."""
        batch = [request("ping", id=1), {"id": 2}, notice("x"), initialize(id=3)]
        self.assertEqual(self.client.ask(batch).status, 400)
        self.client.ask(initialize("2025-03-26", id=0))
        self.assertEqual(self.client.ask(batch).status, 202)
        self.assertHeard(0, 1, 2, 3)
        errors = [one.get("error", {}).get("code") for one in self.client.responses()]
        self.assertEqual(errors, [None, None, -32600, -32600])

    def test_batches_are_bounded(self) -> None:
        """A batch beyond the bound is refused whole."""
        self.client.ask(initialize("2025-03-26", id=0))
        posted = self.client.ask([call("hello", id=n) for n in range(1, 102)])
        self.assertEqual(posted.status, 400)
        self.assertHeard(0)
        self.assertEqual(self.rig.toolbox.ran, [])


class DeadStreamTests(RigTestCase):
    def test_never_twice(self) -> None:
        """A call whose stream is lost while it runs is not executed again."""
        client = StreamClient(self.rig)
        client.ask(call("slow", id=1))
        client.stream.leave()
        running = self.rig.toolbox.running[0]
        self.assertFalse(running.cancelled)
        running.finish()
        self.assertEqual(self.rig.toolbox.ran, ["slow"])
        self.assertEqual(client.responses(), [])

    def test_posted_too_late(self) -> None:
        """What is posted after the stream was lost is refused, and never executed."""
        client = StreamClient(self.rig)
        client.stream.leave()
        batch = [call("hello", id=1)]
        for message in (call("echo", {"words": "x"}, id=0), notice("x"), batch):
            with self.subTest(message=message):
                posted = client.ask(message)
                self.assertEqual(posted.status, 400 if message is batch else 404)
        self.assertEqual(self.rig.toolbox.ran, [])

    def test_ended_or_expired(self) -> None:
        """The id of a session that is over is refused as well, with any key."""
        client = StreamClient(self.rig)
        self.rig.sessions.end(self.rig.sessions.held[client.session], "test")
        for key in (ADA, None):
            posted = self.rig.send(
                call("hello"), key=key, route=Route.MESSAGES, session=client.session
            )
            self.assertEqual((posted.status, posted.error["code"]), (404, -32001))
        self.assertEqual(self.rig.toolbox.ran, [])

    def test_session_of_streamable_http(self) -> None:
        """Its id has no stream to be answered on: refused."""
        client = SessionClient(self.rig)
        posted = self.rig.send(
            call("hello"), route=Route.MESSAGES, session=client.session
        )
        self.assertEqual((posted.status, posted.error["code"]), (404, -32001))
        self.assertEqual(self.rig.toolbox.ran, [])

    def test_overflow(self) -> None:
        """A client that never reads loses its stream, and then nothing else."""
        client = StreamClient(self.rig)
        session = self.rig.sessions.held[client.session]
        client.stream.leave()
        self.assertEqual(session.streams, [])
        self.assertFalse(session.ended)

    def test_ended_session(self) -> None:
        """The end of the session ends the stream and its calls."""
        client = StreamClient(self.rig)
        client.ask(call("slow", id=1))
        self.rig.sessions.end(self.rig.sessions.held[client.session], "test")
        self.assertTrue(client.stream.ended)
        self.assertTrue(self.rig.toolbox.running[0].cancelled)
        self.assertEqual(client.responses(), [])

    def test_of_another_principal(self) -> None:
        """A caller cannot post to a stream of another principal."""
        client = StreamClient(self.rig)
        posted = self.rig.send(
            call("hello"), key=BOB, route=Route.MESSAGES, session=client.session
        )
        self.assertEqual(posted.status, 404)
        self.assertEqual(client.responses(), [])
        self.assertEqual(self.rig.toolbox.ran, [])


class TwoClientsTests(RigTestCase):
    def test_equal_ids(self) -> None:
        """Two streams with equal ids each get their own answer only."""
        ada, bob = StreamClient(self.rig), StreamClient(self.rig, key=BOB)
        ada.ask(call("slow", {"tag": "ada"}, id=1))
        bob.ask(call("slow", {"tag": "bob"}, id=1))
        for running in reversed(self.rig.toolbox.running):
            running.finish()
        for client, tag in ((ada, "ada"), (bob, "bob")):
            [answer] = client.responses()
            self.assertEqual(answer["result"]["content"][0]["text"], tag)
