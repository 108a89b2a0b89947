"""Batches: they exist in sessions of 2025-03-26 and nowhere else."""

from __future__ import annotations

from instantly_mcp._json_codec import Json
from tests.support.clients import SessionClient
from tests.support.messages import call, initialize, notice, request
from tests.support.received import Received

from .everything import RulesTestCase


class BatchTests(RulesTestCase):
    def batch(self, *messages: Json, client: SessionClient | None = None) -> Received:
        """Send a batch in a session of 2025-03-26."""
        client = client or self.client("2025-03-26")
        return client.ask(list(messages))

    def test_answers(self) -> None:
        """Requests are answered together, each by its id; notifications are not."""
        received = self.batch(
            request("ping", id="a"),
            notice("notifications/initialized"),
            call("hello", id=0),
        )
        self.assertEqual([one["id"] for one in received.messages], ["a", 0])

    def test_only_notifications(self) -> None:
        """A batch that asks nothing is 202 without a body."""
        received = self.batch(notice("notifications/initialized"))
        self.assertEqual((received.status, received.messages), (202, []))

    def test_broken_members(self) -> None:
        """A member that is no message costs the others nothing."""
        received = self.batch(request("ping", id=1), {"id": 2}, 7)
        found = [one.get("error", {}).get("code", 0) for one in received.messages]
        self.assertEqual(found, [0, -32600, -32600])

    def test_initialize(self) -> None:
        """initialize is never part of a batch, and mints nothing there."""
        received = self.batch(initialize(id=1), request("ping", id=2))
        self.assertEqual(received.messages[0]["error"]["code"], -32600)
        self.assertEqual(received.messages[1]["result"], {})
        self.assertEqual(self.rig.store.count, 1)

    def test_empty(self) -> None:
        """An empty array is one -32600 with 400."""
        received = self.batch()
        self.assertEqual((received.status, received.error["code"]), (400, -32600))

    def test_cancelled_member(self) -> None:
        """A member can be cancelled; the others are answered without it."""
        client = self.client("2025-03-26")
        received = self.batch(call("slow", id=1), call("slow", id=2), client=client)
        client.tell("notifications/cancelled", {"requestId": 1})
        self.rig.small.running[1].finish()
        self.assertEqual([one["id"] for one in received.messages], [2])

    def test_nowhere_else(self) -> None:
        """Sessions of other revisions refuse batches whole and run nothing."""
        for version in ("2024-11-05", "2025-06-18", "2025-11-25"):
            received = self.client(version).ask([call("hello", id=1)])
            self.assertRefused(received, 400, -32600)
        self.assertEqual(self.rig.small.ran, [])

    def test_header_does_not_open_it(self) -> None:
        """What was negotiated decides, not what a header says of it later."""
        for agreed, stated, status in (
            ("2025-11-25", "2025-03-26", 400),
            ("2025-11-25", None, 400),
            ("2025-03-26", "2025-11-25", 200),
        ):
            received = self.rig.send(
                [request("ping")],
                session=self.client(agreed).session,
                version=stated,
                speaks=agreed,
            )
            self.assertEqual(received.status, status)

    def test_bounded(self) -> None:
        """More than a hundred members are refused whole."""
        received = self.batch(*[call("hello", id=n) for n in range(101)])
        self.assertEqual(received.status, 400)
        self.assertEqual(self.rig.small.ran, [])
