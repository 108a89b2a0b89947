"""Revision 2024-11-05: requests are POSTed to ``/messages``, answers go to a stream."""

from __future__ import annotations

from instantly_mcp.pipeline.exchange import Route
from tests.support.clients import StreamClient
from tests.support.messages import MODERN_VERSION, call, initialize, notice, request
from tests.support.servers import ADA, BOB

from .everything import ASKABLE, RulesTestCase
from .test_lists import LISTS


class FirstRevisionTests(RulesTestCase):
    def connect(self, key: str = ADA) -> StreamClient:
        """Open a stream and initialize."""
        client = StreamClient(self.rig, key)
        client.ask(initialize("2024-11-05", id="init", capabilities=ASKABLE))
        client.ask(notice("notifications/initialized"))
        return client

    def test_endpoint_event(self) -> None:
        """The first event is named endpoint and has the URL for POSTs, on two paths."""
        for route in (Route.SSE, Route.MCP):
            stream = self.rig.send(
                method="GET",
                route=route,
                with_headers={"accept": "text/event-stream"},
                speaks="2024-11-05",
            )
            [first] = stream.events
            self.assertEqual(first.name, "endpoint")
            self.assertTrue(first.data.startswith(b"/messages?sessionId="))

    def test_handshake(self) -> None:
        """initialize agrees on 2024-11-05 and declares what that revision has."""
        [answer] = self.connect().responses()
        result = answer["result"]
        self.assertEqual(result["protocolVersion"], "2024-11-05")
        self.assertNotIn("completions", result["capabilities"])
        self.assertNotIn("title", result["serverInfo"])

    def test_every_method(self) -> None:
        """Every method is answered on the stream; its POST is answered 202."""
        client = self.connect()
        messages = [
            request("ping"),
            *[request(method) for method, _, _ in LISTS],
            call("hello"),
            request("resources/read", {"uri": "test://static-text"}),
            request("resources/subscribe", {"uri": "test://static-text"}),
            request("resources/unsubscribe", {"uri": "test://static-text"}),
            request("prompts/get", {"name": "test_simple_prompt"}),
            request("logging/setLevel", {"level": "info"}),
        ]
        for id, message in enumerate(messages):
            posted = client.ask({**message, "id": id})
            self.assertEqual((posted.status, posted.messages), (202, []))
        heard = client.responses()[1:]
        self.assertEqual([one["id"] for one in heard], [*range(len(messages))])
        self.assertEqual([one for one in heard if "error" in one], [])

    def test_what_it_lacks(self) -> None:
        """No title, no annotations, no structured content, no progress message."""
        client = self.connect()
        client.ask(request("tools/list", id=1))
        client.ask(call("echo", {"words": "x"}, id=2))
        client.ask(call("report", {"steps": [1]}, id=3, token="t"))
        tools, echoed = client.responses()[1:3]
        for tool in tools["result"]["tools"]:
            self.assertLessEqual(tool.keys(), {"name", "description", "inputSchema"})
        self.assertEqual(echoed["result"].keys(), {"content"})
        [told] = client.stream.notifications
        self.assertNotIn("message", told["params"])

    def test_questions(self) -> None:
        """The server asks on the stream; the client POSTs its answer to /messages."""
        client = self.connect()
        client.ask(call("test_sampling", {"prompt": "Hi"}, id=1))
        [asked] = client.stream.notifications
        self.assertEqual(asked["method"], "sampling/createMessage")
        said = {
            "role": "assistant",
            "model": "m",
            "content": {"type": "text", "text": "Hello"},
        }
        answer = {"jsonrpc": "2.0", "id": asked["id"], "result": said}
        self.assertEqual(client.ask(answer).status, 202)
        text = client.responses()[-1]["result"]["content"][0]["text"]
        self.assertEqual(text, "LLM response: Hello")

    def test_logging(self) -> None:
        """Log messages are sent on the stream of the session that set the level."""
        client, other = self.connect(), self.connect()
        client.ask(request("logging/setLevel", {"level": "error"}, id=1))
        for each in (client, other):
            each.ask(call("talk", id=2))
        self.assertEqual(len(client.stream.notifications), 4)
        self.assertEqual(other.stream.notifications, [])

    def test_cancelling(self) -> None:
        """notifications/cancelled ends a call of this stream, which is not answered."""
        client, bob = self.connect(), self.connect(BOB)
        client.ask(call("slow", id=1))
        bob.ask(notice("notifications/cancelled", {"requestId": 1}))
        self.assertFalse(self.rig.small.running[0].cancelled)
        client.ask(notice("notifications/cancelled", {"requestId": 1}))
        self.assertTrue(self.rig.small.running[0].cancelled)
        self.assertEqual(len(client.responses()), 1)

    def test_nothing_after_completion(self) -> None:
        """The stream stays open after an answer; the call sends nothing more."""
        client = self.connect()
        client.ask(request("logging/setLevel", {"level": "debug"}, id=0))
        client.ask(call("steps", id=1, token="t"))
        running = self.rig.small.running[0]
        running.finish()
        before = len(client.stream.messages)
        running.call.progress(99)
        running.call.log("emergency", "late")
        self.assertEqual(len(client.stream.messages), before)
        self.assertFalse(client.stream.ended)

    def test_list_changes(self) -> None:
        """A change of a list is notified on the stream."""
        client = self.connect()
        client.ask(call("test_trigger_tool_change", id=1))
        methods = {one["method"] for one in client.stream.notifications}
        self.assertEqual(methods, {"notifications/tools/list_changed"})

    def test_event_ids(self) -> None:
        """Every event has a unique id, which contains the session id."""
        client = self.connect()
        client.ask(request("ping"))
        ids = [event.id or "" for event in client.stream.events]
        self.assertEqual(len(set(ids)), 3)
        self.assertEqual({id.rpartition("_")[0] for id in ids}, {client.session})

    def again(self, client: StreamClient, key: str = ADA) -> StreamClient:
        """Open the stream as an EventSource does that reconnects."""
        last = client.stream.events[-1].id
        assert last is not None
        return StreamClient(self.rig, key, last_event_id=last)

    def test_lost_connection(self) -> None:
        """A client that sends its last event id continues its session.

        It misses neither the answer of a call that ran on, nor what was on its way.
        """
        client = self.connect()
        client.ask(call("slow", id=1))
        seen = len(client.stream.events)
        client.ask(request("ping", id=2))
        del client.stream.events[seen:]
        client.stream.leave()
        self.rig.small.running[0].finish()
        again = self.again(client)
        self.assertEqual(again.session, client.session)
        self.assertEqual([one["id"] for one in again.responses()], [2, 1])
        self.assertEqual(again.ask(request("ping", id=3)).status, 202)
        self.assertEqual([one["id"] for one in again.responses()], [2, 1, 3])
        self.assertEqual(self.rig.small.ran, ["slow"])
        self.assertEqual(self.rig.store.count, 1)

    def test_two_connections(self) -> None:
        """A resumed stream has one reader: the earlier connection is closed."""
        client = self.connect()
        again = self.again(client)
        self.assertTrue(client.stream.ended)
        again.ask(request("ping", id=5))
        self.assertEqual([one["id"] for one in again.responses()], [5])
        self.assertEqual([one["id"] for one in client.responses()], ["init"])

    def test_reopened_after_a_restart(self) -> None:
        """A client that reconnects gets its session back.

        Without initialize its results still fit the schemas that it was shown before.
        """
        client = self.connect()
        self.rig = self.make_rig(seal=self.rig.seal)
        again = self.again(client)
        self.assertEqual(again.session, client.session)
        again.ask(call("echo", {"words": "hi"}, id=1))
        again.ask(request("tools/list", id=2))
        answer, listed = again.responses()
        self.assertEqual(answer["result"]["structuredContent"], {"said": "hi"})
        self.assertIn("title", listed["result"]["tools"][0])

    def test_another_keys_event(self) -> None:
        """An event id that does not belong to the caller opens a new, empty session.

        It is of another key, of an ended session, or invented.
        """
        client = self.connect()
        for key, last in (
            (BOB, client.stream.events[-1].id),
            (ADA, "invented_1"),
            (ADA, "_"),
            (ADA, f"{client.session}x_0"),
        ):
            other = StreamClient(self.rig, key, last_event_id=last)
            self.assertNotEqual(other.session, client.session)
            self.assertEqual(len(other.stream.events), 1)
        self.rig.send(method="DELETE", session=client.session)
        self.assertNotEqual(self.again(client).session, client.session)

    def test_no_initialize(self) -> None:
        """A session without initialize uses the newest legacy revision."""
        client = StreamClient(self.rig)
        client.ask(call("echo", {"words": "hi"}, id=1))
        [answer] = client.responses()
        self.assertEqual(answer["result"]["structuredContent"], {"said": "hi"})

    def test_stream_of_another_key(self) -> None:
        """A POST to the session of a stream that another key opened is 404."""
        client = self.connect()
        posted = self.rig.send(
            call("hello"), key=BOB, route=Route.MESSAGES, session=client.session
        )
        self.assertEqual(posted.status, 404)
        self.assertEqual(self.rig.small.ran, [])

    def test_dead_stream(self) -> None:
        """A POST after the stream was closed is refused and not executed."""
        client = self.connect()
        client.stream.leave()
        posted = client.ask(call("slow", {"tag": "x"}, id=0))
        self.assertRefused(posted, 404, -32001)
        self.assertEqual(self.rig.small.ran, [])

    def test_restart(self) -> None:
        """After a restart a call is not executed, because its answer would be lost.

        With the same sealing keys or new ones, with an API key or without.
        """
        client = self.connect()
        for fields in ({"seal": self.rig.seal}, {}):
            self.rig = self.make_rig(**fields)
            for key in (ADA, None):
                posted = self.rig.send(
                    call("hello", id=1),
                    key=key,
                    route=Route.MESSAGES,
                    session=client.session,
                )
                self.assertRefused(posted, 404, -32001)
            self.assertEqual(self.rig.small.ran, [])

    def test_key_only_on_the_stream(self) -> None:
        """A POST without a key acts as the key that opened the stream."""
        client = self.connect()
        client.ask(call("who_am_i", id=1))
        other = self.connect(BOB)
        other.ask(call("who_am_i", id=1))
        said = [each.responses()[-1]["result"]["content"] for each in (client, other)]
        self.assertNotEqual(said[0], said[1])

    def test_no_stream_for_others(self) -> None:
        """A GET without the media type, or a modern GET, opens no stream."""
        for fields in (
            {"accept": "*/*"},
            {
                "accept": "text/event-stream",
                "mcp-protocol-version": MODERN_VERSION,
            },
        ):
            received = self.rig.send(method="GET", with_headers=fields)
            self.assertEqual(received.status, 405)
        self.assertEqual(self.rig.store.count, 0)

    def test_on_streamable_http(self) -> None:
        """initialize with 2024-11-05 on /mcp is served as Streamable HTTP."""
        received = self.rig.send(initialize("2024-11-05"), speaks="2024-11-05")
        self.assertEqual(received.result["protocolVersion"], "2024-11-05")
        self.assertIsNotNone(received.header("mcp-session-id"))
