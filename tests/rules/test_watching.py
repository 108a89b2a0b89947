"""Subscriptions to resources that change without a call, in both eras."""

from __future__ import annotations

from instantly_mcp.pipeline.replies.retention import KEPT_SECONDS
from instantly_mcp.protocol.calls.subscriptions import MAX_LISTENERS
from tests.support.clients import SessionClient, StreamClient
from tests.support.messages import initialize, request
from tests.support.received import Received
from tests.support.servers import BOB

from .extras import TIDE_SECONDS, TIDES
from .test_subscriptions import UPDATED, WATCHED, ListenTestCase


class WatchTests(ListenTestCase):
    """A resource with a watch function is watched while it has subscribers."""

    URI = "test://tides"

    def setUp(self) -> None:
        """End all watching after the test."""
        super().setUp()
        self.addCleanup(self.rig.server_features.changes.close)

    def get(self, client: SessionClient, last: str | None = None) -> Received:
        """Open a session's stream for notifications, or resume it."""
        headers = {"accept": "text/event-stream"}
        if last is not None:
            headers["last-event-id"] = last
        return self.rig.send(
            method="GET",
            session=client.session,
            key=client.key,
            version=client.version,
            with_headers=headers,
        )

    def turn(self, tides: int = 1) -> None:
        """Let time pass."""
        for _ in range(tides):
            self.clock.advance(TIDE_SECONDS)

    def test_listening(self) -> None:
        """A listen stream is notified of changes that no call made."""
        stream = self.listen({"resourceSubscriptions": [self.URI]})
        self.assertEqual(self.notified(stream), [])
        self.turn(2)
        self.assertEqual(self.notified(stream), [UPDATED] * 2)
        self.assertEqual(stream.notifications[1]["params"]["uri"], self.URI)

    def test_listening_ends(self) -> None:
        """Watching ends when the last stream of a principal is closed."""
        wanted = {"resourceSubscriptions": [self.URI]}
        first, second = self.listen(wanted), self.listen(wanted)
        bob = self.listen(wanted, key=BOB)
        self.assertEqual(self.rig.tides.watched, 2)
        first.leave()
        bob.leave()
        self.assertEqual(self.rig.tides.watched, 1)
        self.turn()
        self.assertEqual(self.notified(second), [UPDATED])
        second.leave()
        self.assertEqual(self.rig.tides.watched, 0)

    def test_graceful_end(self) -> None:
        """Watching ends when the daemon stops."""
        self.listen({"resourceSubscriptions": [self.URI]})
        self.client().ask(request("resources/subscribe", {"uri": self.URI}))
        self.assertEqual(self.rig.tides.watched, 1)
        self.rig.server_features.changes.close()
        self.assertEqual(self.rig.tides.watched, 0)

    def test_over(self) -> None:
        """When the watch function returns, the stream stays open."""
        stream = self.listen({"resourceSubscriptions": [self.URI]})
        self.turn(TIDES + 1)
        self.assertEqual(self.notified(stream), [UPDATED] * TIDES)
        self.assertEqual(self.rig.tides.watched, 0)
        self.assertFalse(stream.ended)

    def test_refused_stream(self) -> None:
        """A refused stream does not start watching."""
        for number in range(MAX_LISTENERS):
            self.listen({}, id=number)
        refused = self.listen({"resourceSubscriptions": [self.URI]})
        self.assertEqual((refused.status, self.rig.tides.watched), (429, 0))

    def test_session_eras(self) -> None:
        """In a session resources/subscribe starts watching and unsubscribe ends it."""
        for version in ("2025-03-26", "2025-06-18", "2025-11-25"):
            with self.subTest(version=version):
                client = self.client(version)
                stream = self.get(client)
                for _ in range(2):
                    client.ask(request("resources/subscribe", {"uri": self.URI}))
                self.assertEqual(self.rig.tides.watched, 1)
                self.turn()
                self.assertEqual(len(stream.notifications), 1)
                client.ask(request("resources/unsubscribe", {"uri": self.URI}))
                self.assertEqual(self.rig.tides.watched, 0)
                self.turn()
                self.assertEqual(len(stream.notifications), 1)

    def test_session_ends(self) -> None:
        """The end of a session ends its watching; that of others continues."""
        clients = [self.client(), self.client(key=BOB)]
        for client in clients:
            client.ask(request("resources/subscribe", {"uri": self.URI}))
        self.assertEqual(self.rig.tides.watched, 2)
        self.rig.send(method="DELETE", session=clients[0].session, version="2025-11-25")
        self.assertEqual(self.rig.tides.watched, 1)

    def test_first_revision(self) -> None:
        """In 2024-11-05 watching ends with the session's only stream."""
        client = StreamClient(self.rig)
        client.ask(initialize("2024-11-05"))
        client.ask(request("resources/subscribe", {"uri": self.URI}, "subscribe"))
        self.turn()
        [told] = client.stream.notifications
        self.assertEqual((told["method"], self.rig.tides.watched), (UPDATED, 1))
        client.stream.leave()
        self.assertEqual(self.rig.tides.watched, 0)

    def lost(self, client: SessionClient) -> str | None:
        """Subscribe, receive one change, lose the stream and miss another change."""
        stream = self.get(client)
        client.ask(request("resources/subscribe", {"uri": self.URI}))
        self.turn()
        stream.leave()
        self.turn()
        return stream.events[-1].id

    def test_stream_is_lost(self) -> None:
        """A stream that is resumed delivers the changes since it was lost."""
        client = self.client()
        again = self.get(client, self.lost(client))
        self.assertEqual(len(again.notifications), 1)

    def test_stream_is_lost_for_long(self) -> None:
        """Changes are kept for a limited time; a new stream is notified again."""
        client = self.client()
        last = self.lost(client)
        self.clock.advance(KEPT_SECONDS)
        again = self.get(client, last)
        self.assertEqual(again.notifications, [])
        self.rig.server_features.changes.resource_updated(self.URI)
        self.assertEqual(len(again.notifications), 1)

    def test_without_a_key(self) -> None:
        """Without a key a private resource cannot be subscribed to."""
        stream = self.listen({"resourceSubscriptions": [self.URI, WATCHED]}, key=None)
        self.assertEqual(self.honored(stream), {"resourceSubscriptions": [WATCHED]})
        asked = request("resources/subscribe", {"uri": self.URI})
        received = self.client(key=None).ask(asked)
        self.assertEqual((received.status, received.error["code"]), (401, -32001))
        self.assertEqual(self.rig.tides.watched, 0)
