"""JSON-RPC batches, which exist only in sessions of revision 2025-03-26."""

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
        """A batch without requests is answered 202 without a body."""
        received = self.batch(notice("notifications/initialized"))
        self.assertEqual((received.status, received.messages), (202, []))

    def test_broken_members(self) -> None:
        """A member that is not a message fails alone; the others are answered."""
        received = self.batch(request("ping", id=1), {"id": 2}, 7)
        found = [one.get("error", {}).get("code", 0) for one in received.messages]
        self.assertEqual(found, [0, -32600, -32600])

    def test_initialize(self) -> None:
        """initialize is refused in a batch and creates no session."""
        received = self.batch(initialize(id=1), request("ping", id=2))
        self.assertEqual(received.messages[0]["error"]["code"], -32600)
        self.assertEqual(received.messages[1]["result"], {})
        self.assertEqual(self.rig.store.count, 1)

    def test_empty(self) -> None:
        """An empty array is refused with one -32600 and status 400."""
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
        """Sessions of other revisions refuse a whole batch and run none of it."""
        for version in ("2024-11-05", "2025-06-18", "2025-11-25"):
            received = self.client(version).ask([call("hello", id=1)])
            self.assertRefused(received, 400, -32600)
        self.assertEqual(self.rig.small.ran, [])

    def test_header_does_not_open_it(self) -> None:
        """The negotiated revision decides, not the version header of a request."""
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
        """A batch of more than 100 members is refused as a whole."""
        received = self.batch(*[call("hello", id=n) for n in range(101)])
        self.assertEqual(received.status, 400)
        self.assertEqual(self.rig.small.ran, [])
