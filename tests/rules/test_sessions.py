"""The legacy era: a session's owner, its streams, its questions and its end."""

from __future__ import annotations

from instantly_mcp._json_codec import Json
from instantly_mcp.pipeline.exchange import Route
from tests.support.clients import SessionClient
from tests.support.messages import LEGACY_VERSIONS, call, notice, request
from tests.support.received import Received
from tests.support.servers import ADA, BOB

from .everything import EverythingRig, RulesTestCase


class SessionsTestCase(RulesTestCase):
    def stream(self, client: SessionClient, last: str | None = None) -> Received:
        """Open a GET stream of a session, or resume one."""
        headers = {"accept": "text/event-stream"}
        if last is not None:
            headers["last-event-id"] = last
        return client.rig.send(
            method="GET",
            key=client.key,
            session=client.session,
            version=client.version,
            speaks=client.version,
            with_headers=headers,
        )


class IdTests(SessionsTestCase):
    def test_visible_ascii(self) -> None:
        """A session id is visible ASCII, and never the same twice."""
        ids = [self.client().session for _ in range(20)]
        self.assertEqual(len(set(ids)), 20)
        for id in ids:
            self.assertTrue(all(0x21 <= ord(each) <= 0x7E for each in id))

    def test_says_nothing(self) -> None:
        """An id shows neither the key nor the principal."""
        session = self.client().session
        for part in (ADA, ADA[:10], "2025-11-25"):
            self.assertNotIn(part, session)

    def test_deleted(self) -> None:
        """After DELETE the id is 404 for every method."""
        client = self.client()
        ended = self.rig.send(method="DELETE", session=client.session)
        self.assertIn(ended.status, (200, 204))
        for _ in range(2):
            self.assertEqual(client.ask(request("tools/list")).status, 404)
            self.assertEqual(self.stream(client).status, 404)
            again = self.rig.send(method="DELETE", session=client.session)
            self.assertEqual(again.status, 404)

    def test_delete_ends_what_runs(self) -> None:
        """The end of a session cancels its calls and closes its streams."""
        client = self.client()
        stream = self.stream(client)
        client.ask(call("slow"))
        self.rig.send(method="DELETE", session=client.session)
        self.assertTrue(self.rig.small.running[0].cancelled)
        self.assertTrue(stream.ended)

    def test_expired(self) -> None:
        """A session that was idle for too long is 404 and is not restored."""
        client = self.client()
        self.clock.advance(1800)
        self.assertEqual(client.ask(call("hello")).status, 404)
        self.assertEqual(self.rig.small.ran, [])

    def test_unknown_ids_are_served_without_a_session(self) -> None:
        """A call with an id of another server is executed, without a session."""
        received = self.rig.send(call("hello"), session="an-id-of-another-server")
        self.assertEqual(self.text_of(received), "Hello.")
        self.assertEqual(self.rig.store.count, 0)


class OwnerTests(SessionsTestCase):
    def test_other_key(self) -> None:
        """POST, GET and DELETE of a session with another key are 404."""
        client = self.client()
        thief = self.rig.send(call("hello"), key=BOB, session=client.session)
        self.assertEqual(thief.status, 404)
        listening = self.rig.send(
            method="GET",
            key=BOB,
            session=client.session,
            with_headers={"accept": "text/event-stream"},
        )
        self.assertEqual(listening.status, 404)
        ending = self.rig.send(method="DELETE", key=BOB, session=client.session)
        self.assertEqual(ending.status, 404)
        self.assertEqual(self.rig.small.ran, [])
        self.assertEqual(client.ask(request("ping")).status, 200)

    def test_acts_as_its_key(self) -> None:
        """A call in a session acts as the key that opened it."""
        ada, bob = self.client(), self.client(key=BOB)
        names = {self.text_of(one.ask(call("who_am_i"))) for one in (ada, bob)}
        self.assertEqual(len(names), 2)

    def test_calls_of_others_cannot_be_cancelled(self) -> None:
        """notifications/cancelled reaches the calls of its own session only."""
        mine, other, bob = self.client(), self.client(), self.client(key=BOB)
        mine.ask(call("slow", id=1))
        for client in (other, bob):
            client.tell("notifications/cancelled", {"requestId": 1})
        running = self.rig.small.running[0]
        self.assertFalse(running.cancelled)
        mine.tell("notifications/cancelled", {"requestId": "1"})
        self.assertFalse(running.cancelled)
        mine.tell("notifications/cancelled", {"requestId": 1})
        self.assertTrue(running.cancelled)

    def test_answers_of_others_do_not_count(self) -> None:
        """A question is answered by the session that was asked, and by no other."""
        ada, bob = self.client(), self.client(key=BOB)
        asked = ada.ask(call("test_elicitation", {"message": "Who?"}))
        bobs = bob.ask(call("test_elicitation", {"message": "Who?"}))
        question = asked.messages[0]["id"]
        self.assertEqual(question, bobs.messages[0]["id"])
        answer = {"action": "accept", "content": {"username": "B", "email": "b@x"}}
        bob.ask({"jsonrpc": "2.0", "id": question, "result": answer})
        self.assertEqual(asked.responses, [])
        self.assertIn("'B'", self.text_of(bobs))
        ada.ask({"jsonrpc": "2.0", "id": question, "result": {"action": "decline"}})
        self.assertIn("decline", self.text_of(asked))

    def test_levels_of_others_do_not_count(self) -> None:
        """logging/setLevel applies to its own session, from then on."""
        mine, other = self.client(), self.client()
        mine.ask(request("logging/setLevel", {"level": "error"}))
        heard = [one.ask(call("talk")).notifications for one in (mine, other)]
        self.assertEqual([len(one) for one in heard], [4, 0])
        mine.ask(request("logging/setLevel", {"level": "emergency"}))
        self.assertEqual(len(mine.ask(call("talk")).notifications), 1)


class RestartTests(SessionsTestCase):
    def restarted(self, client: SessionClient, **fields: Json) -> EverythingRig:
        """Restart the daemon and connect the client to it."""
        self.rig = client.rig = self.make_rig(seal=self.rig.seal, **fields)
        return self.rig

    def test_adopted(self) -> None:
        """A session continues after a restart, in its negotiated revision."""
        for version in LEGACY_VERSIONS:
            client = self.client(version)
            self.restarted(client)
            received = client.ask(call("hello"))
            self.assertEqual(self.text_of(received), "Hello.")
            self.assertEqual(received.header("mcp-protocol-version"), version)
            self.assertEqual(self.rig.store.count, 1)

    def test_not_for_another_key(self) -> None:
        """Another key cannot restore it, before its owner does or after."""
        client = self.client("2025-03-26")
        self.restarted(client)
        thief = self.rig.send(call("hello"), key=BOB, session=client.session)
        self.assertNotEqual(thief.status, 200)
        self.assertEqual(self.rig.store.count, 0)
        self.assertEqual(client.ask(request("ping")).status, 200)

    def test_not_when_it_was_ended(self) -> None:
        """An ended session is not restored by a daemon that remembers its end."""
        client = self.client()
        self.rig.send(method="DELETE", session=client.session)
        self.assertEqual(client.ask(request("ping")).status, 404)
        self.assertEqual(self.rig.store.count, 0)

    def test_not_forged(self) -> None:
        """An id that was changed anywhere is not restored."""
        client = self.client()
        self.restarted(client)
        for id in (client.session + "A", client.session[:-1], client.session[1:]):
            self.rig.send(request("ping"), session=id)
            self.assertEqual(self.rig.store.count, 0)


class StreamTests(SessionsTestCase):
    def interrupted(self, client: SessionClient, id: Json = 1) -> Received:
        """Call the tool that closes its own stream, which resumes later."""
        received = client.ask(call("test_reconnection", id=id))
        self.assertTrue(received.ended)
        return received

    def test_priming(self) -> None:
        """From 2025-11-25 on a stream begins with an empty event that has an id."""
        for version in LEGACY_VERSIONS[1:]:
            first = self.interrupted(self.client(version)).events[:1]
            if version == "2025-11-25":
                self.assertEqual(first[0].data, b"")
                self.assertIsNotNone(first[0].id)
                self.assertGreater(first[0].retry or 0, 0)
            else:
                self.assertEqual(first, [])
        self.clock.advance(1)

    def test_resumed(self) -> None:
        """A lost stream that is resumed delivers its response, once."""
        client = self.client()
        lost = self.interrupted(client, id=5)
        resumed = self.stream(client, lost.events[-1].id)
        self.assertEqual(resumed.messages, [])
        self.clock.advance(0.15)
        [answer] = resumed.responses
        self.assertEqual(answer["id"], 5)
        self.assertTrue(resumed.ended)
        self.assertEqual(lost.responses, [])

    def test_never_another_stream(self) -> None:
        """Each of two lost streams replays its own events, in either order."""
        client = self.client()
        lost = [self.interrupted(client, id) for id in (1, 2)]
        self.clock.advance(1)
        for stream, id in zip(reversed(lost), (2, 1), strict=True):
            resumed = self.stream(client, stream.events[-1].id)
            self.assertEqual([one["id"] for one in resumed.responses], [id])

    def test_never_another_session(self) -> None:
        """An event id of another session, also of the same key, replays nothing."""
        mine, other, bob = self.client(), self.client(), self.client(key=BOB)
        last = self.interrupted(mine).events[-1].id
        for thief in (other, bob):
            stream = self.stream(thief, last)
            self.clock.advance(1)
            self.assertEqual(stream.messages, [])
        self.assertEqual(len(self.stream(mine, last).responses), 1)

    def test_event_ids_are_unique(self) -> None:
        """Event ids are unique within a session, over all of its streams."""
        client = self.client()
        seen = [
            event.id
            for n in range(3)
            for event in client.ask(
                call("report", {"steps": [1, 2]}, id=n, token=n)
            ).events
        ]
        self.assertEqual(len(set(seen)), len(seen))
        self.assertNotIn(None, seen)

    def test_progress_travels_with_its_call(self) -> None:
        """Messages of a call are sent on its own stream, not on the GET stream."""
        client = self.client()
        listening = self.stream(client)
        received = client.ask(call("report", {"steps": [1, 2]}, token="t"))
        self.assertEqual(len(received.notifications), 2)
        self.assertEqual(listening.messages, [])

    def test_questions_travel_with_their_call(self) -> None:
        """A request of the server has its own id, on the stream of its call."""
        client = self.client()
        listening = self.stream(client)
        received = client.ask(call("test_sampling", {"prompt": "Hi"}, id=1))
        [asked] = received.messages
        self.assertEqual(asked["method"], "sampling/createMessage")
        self.assertEqual(listening.messages, [])
        said = {
            "role": "assistant",
            "model": "m",
            "content": {"type": "text", "text": "Hello"},
        }
        posted = client.ask({"jsonrpc": "2.0", "id": asked["id"], "result": said})
        self.assertEqual((posted.status, posted.messages), (202, []))
        self.assertEqual(self.text_of(received), "LLM response: Hello")

    def test_sampled_blocks(self) -> None:
        """A sampling result is one content block, or several."""
        client = self.client()
        blocks = [{"type": "text", "text": word} for word in ("Hello", "there")]
        for content, said in ((blocks[0], "Hello"), (blocks, "Hello there")):
            received = client.ask(call("test_sampling", {"prompt": "Hi"}))
            answer = {"role": "assistant", "model": "m", "content": content}
            asked = received.messages[0]["id"]
            client.ask({"jsonrpc": "2.0", "id": asked, "result": answer})
            self.assertEqual(self.text_of(received), f"LLM response: {said}")

    def test_undeclared_questions(self) -> None:
        """A client is asked only what it declared."""
        client = self.client(capabilities={"elicitation": {}})
        received = client.ask(call("test_sampling", {"prompt": "Hi"}))
        self.assertTrue(received.result["isError"])
        self.assertEqual(received.notifications, [])

    def test_malformed_answers(self) -> None:
        """An answer that does not fit the question never reaches the tool."""
        client = self.client()
        for answer in (
            {"action": "accept", "content": {"username": 7, "email": "x"}},
            {"action": "perhaps"},
            {},
        ):
            received = client.ask(call("test_elicitation", {"message": "Who?"}))
            asked = received.notifications[-1]["id"]
            client.ask({"jsonrpc": "2.0", "id": asked, "result": answer})
            self.assertTrue(received.result["isError"])

    def test_cancelled_while_asking(self) -> None:
        """Cancelling a call that asks withdraws its question."""
        client = self.client()
        received = client.ask(call("test_elicitation", {"message": "Who?"}, id=4))
        asked = received.messages[0]["id"]
        client.tell("notifications/cancelled", {"requestId": 4})
        told = received.messages[1]
        self.assertEqual(told["method"], "notifications/cancelled")
        self.assertEqual(told["params"]["requestId"], asked)
        self.assertEqual(received.responses, [])

    def test_no_answer_after_cancelling(self) -> None:
        """A cancelled call has no answer and sends no further messages."""
        client = self.client()
        received = client.ask(call("steps", id=1, token="t"))
        client.tell("notifications/cancelled", {"requestId": 1})
        self.assertTrue(self.rig.small.running[0].cancelled)
        before = len(received.messages)
        self.rig.small.running[0].call.progress(9)
        self.assertEqual((len(received.messages), received.responses), (before, []))

    def test_concurrent_requests(self) -> None:
        """Requests of one session do not wait for each other."""
        client = self.client()
        slow = client.ask(call("slow", id=1))
        self.assertEqual(client.ask(request("ping", id=2)).result, {})
        self.assertTrue(slow.waits)
        self.rig.small.running[0].finish()
        self.assertEqual(self.text_of(slow), "done")


class MessagesTests(SessionsTestCase):
    def test_stream_of_a_session_is_not_an_sse_stream(self) -> None:
        """The id of a Streamable HTTP session on /messages names no open stream."""
        client = self.client()
        posted = self.rig.send(
            call("hello"), route=Route.MESSAGES, session=client.session
        )
        self.assertRefused(posted, 404, -32001)
        self.assertEqual(self.rig.small.ran, [])
        self.rig.send(notice("notifications/initialized"), session=client.session)
