"""At the connection limit an idle connection is closed for a new one."""

from __future__ import annotations

from instantly_mcp.web.http.limits import WebLimits
from tests.support.cases import ClockedTestCase

from ..site import Connection, MemoryServer


class RoomTests(ClockedTestCase):
    def setUp(self) -> None:
        """Let in two connections, and read one more."""
        super().setUp()
        self.server = MemoryServer(
            self.clock,
            WebLimits(
                connections=2,
                crowded_connections=1,
                closing_connections=1,
                linger_seconds=2.0,
            ),
        )

    def connect(self) -> Connection:
        """Open a connection that is closed at the end."""
        connection = self.server.connect()
        self.addCleanup(connection.hang_up)
        return connection

    def rested(self) -> Connection:
        """Return a connection on which one request was answered."""
        connection = self.connect()
        self.assertEqual(connection.ask("POST", "/mcp").status, 200)
        return connection

    def test_the_longest_idle_is_closed(self):
        """At the limit a new connection replaces the longest-idle one."""
        first, second = self.rested(), self.rested()
        self.assertEqual(first.ask("POST", "/mcp").status, 200)
        third = self.connect()
        self.assertTrue(second.closing)
        self.assertEqual(second.output(), b"")
        self.assertEqual(third.ask("POST", "/mcp").status, 200)
        self.assertFalse(first.closing)

    def test_who_waits_for_an_answer_stays(self):
        """Only an idle connection is closed: a head that has begun counts as work."""
        first, second = self.rested(), self.rested()
        first.send(b"POST /mcp")
        second.send(b"POST /mcp")
        third = self.connect()
        self.assertEqual(third.ask("POST", "/mcp").status, 503)
        self.assertFalse(first.closing or second.closing)

    def test_who_never_asked_stays(self):
        """A new connection has its time to send a request; it is not idle yet."""
        first, second = self.connect(), self.connect()
        third = self.connect()
        self.assertEqual(third.ask("POST", "/mcp").status, 503)
        self.assertFalse(first.closing or second.closing)

    def test_who_does_not_go_is_cut(self):
        """A retired connection that does not close in time is aborted."""
        first, _ = self.rested(), self.rested()
        self.connect()
        self.assertFalse(first.pipe.aborted)
        self.clock.advance(2.0)
        self.assertTrue(first.pipe.aborted)

    def test_bounded(self):
        """The number of retired connections is limited, as are file descriptors."""
        self.rested(), self.rested()
        served = self.rested()
        one_too_many = self.connect()
        self.assertEqual(one_too_many.ask("POST", "/mcp").status, 503)
        self.assertFalse(served.closing)
