"""Streamable HTTP: the GET stream of a session, and resuming streams."""

from __future__ import annotations

from typing import cast

from instantly_mcp.pipeline.replies.retention import MAX_KEPT_STREAMS
from instantly_mcp.transports.streamable import MAX_OPEN_STREAMS
from tests.support.clients import SessionClient
from tests.support.messages import (
    LEGACY_VERSIONS,
    call,
    request,
)
from tests.support.servers import BOB
from tests.transports.streaming import StreamableTestCase

NEWS = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}


class GetStreamTests(StreamableTestCase):
    def test_opens(self) -> None:
        """A GET with a live session is an event stream that stays open."""
        client = SessionClient(self.rig)
        stream = self.listen(client)
        self.assertTrue(stream.streams)
        self.assertFalse(stream.ended)
        self.assertEqual(stream.header("mcp-protocol-version"), client.version)
        self.assertEqual(len(self.session_of(client).streams), 1)

    def test_leaving(self) -> None:
        """A stream that its client leaves is forgotten; the session lives on."""
        client = SessionClient(self.rig)
        self.listen(client).leave()
        self.assertEqual(self.session_of(client).streams, [])
        self.assertEqual(client.ask(request("ping")).result, {})

    def test_not_acceptable(self) -> None:
        """A client that does not accept event streams gets 406."""
        client = SessionClient(self.rig)
        stream = self.listen(client, accepts_stream=False)
        self.assertEqual(stream.status, 406)

    def test_bounded(self) -> None:
        """A session holds a bounded number of streams."""
        client = SessionClient(self.rig)
        streams = [self.listen(client) for _ in range(MAX_OPEN_STREAMS)]
        self.assertEqual(self.listen(client).status, 409)
        streams[0].leave()
        self.assertTrue(self.listen(client).streams)

    def test_second_stream_steals_nothing(self) -> None:
        """A message goes to one stream and only one, the first that was opened."""
        client = SessionClient(self.rig)
        first, second = self.listen(client), self.listen(client)
        self.session_of(client).send(NEWS)
        self.assertEqual((first.messages, second.messages), ([NEWS], []))

    def test_answers_do_not_use_it(self) -> None:
        """Answers and progress travel on the POST that asked, never on the GET."""
        client = SessionClient(self.rig)
        stream = self.listen(client)
        received = client.ask(call("steps", token="t"))
        self.rig.toolbox.running[0].finish()
        self.assertEqual(len(received.messages), 4)
        self.assertEqual(stream.messages, [])

    def test_priming(self) -> None:
        """Streams begin with an empty event that has an id, from 2025-11-25 on."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                stream = self.listen(SessionClient(self.rig, version))
                self.assertEqual(len(stream.events), int(version == "2025-11-25"))
                for event in stream.events:
                    self.assertEqual(event.data, b"")
                    self.assertTrue(event.id)
                    self.assertTrue(event.retry)

    def test_resuming(self) -> None:
        """Last-Event-ID replays what that stream missed."""
        client = SessionClient(self.rig)
        first = self.listen(client)
        last = cast("str", first.events[-1].id)
        first.leave()
        self.session_of(client).send(NEWS)
        again = self.listen(client, with_headers={"last-event-id": last})
        self.assertEqual(again.messages, [NEWS])
        self.session_of(client).send(NEWS)
        self.assertEqual(len(again.messages), 2)

    def test_resuming_an_answer(self) -> None:
        """The answer of a POST whose connection broke is fetched by GET, once."""
        client = SessionClient(self.rig)
        received = client.ask(call("steps", token="t", id=9))
        last = cast("str", received.events[-1].id)
        received.leave()
        self.assertFalse(self.rig.toolbox.running[0].cancelled)
        self.rig.toolbox.running[0].finish()
        again = self.listen(client, with_headers={"last-event-id": last})
        self.assertEqual([one["id"] for one in again.messages], [9])
        self.assertTrue(again.ended)

    def test_resuming_one_of_two(self) -> None:
        """A lost stream that is taken up beside another one carries news again."""
        client = SessionClient(self.rig)
        first, second = self.listen(client), self.listen(client)
        last = cast("str", first.events[-1].id)
        first.leave()
        again = self.listen(client, with_headers={"last-event-id": last})
        second.leave()
        self.session_of(client).send(NEWS)
        self.assertEqual(again.messages, [NEWS])

    def test_streams_that_are_never_resumed(self) -> None:
        """Streams that a client loses do not pile up, nor outlive their session."""
        client = SessionClient(self.rig)
        retention = self.rig.streamable.logs.retention
        for _ in range(MAX_KEPT_STREAMS + 10):
            self.listen(client).leave()
        self.assertLess(retention.kept_bytes, MAX_KEPT_STREAMS * 2000)
        self.rig.send(method="DELETE", session=client.session)
        self.assertEqual(retention.kept_bytes, 0)

    def test_resuming_elsewhere(self) -> None:
        """An event id of one session replays nothing in another."""
        mine, other = SessionClient(self.rig), SessionClient(self.rig, key=BOB)
        received = mine.ask(call("steps", token="t"))
        last = cast("str", received.events[0].id)
        stream = self.listen(other, with_headers={"last-event-id": last})
        self.assertTrue(stream.streams)
        self.assertEqual(stream.messages, [])
        self.rig.toolbox.running[0].finish()
        self.assertEqual(stream.messages, [])

    def test_foreign_session(self) -> None:
        """A GET with an id that was not issued here is 405, not a stream."""
        received = self.rig.send(method="GET", session="from-elsewhere")
        self.assertEqual(received.status, 405)
