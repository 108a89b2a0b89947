"""Which clients the daemon has seen."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.observation import callers
from instantly_mcp.daemon.observation.callers import Callers
from instantly_mcp.web.http.access_log import AccessRecord


def record(principal: str, client: str, method: str = "POST") -> AccessRecord:
    """Return the record of a request."""
    made = AccessRecord("/mcp", method, 0.0)
    made.principal, made.client = principal, client
    return made


class CallersTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Begin without callers."""
        self.now = 100.0
        self.callers = Callers(lambda: self.now)

    def test_counts(self) -> None:
        """The requests of a caller are counted from its first one."""
        for _ in range(3):
            self.callers.ended(record("a", "cursor/1"), 200)
            self.now += 10
        seen = self.callers.last("a")
        assert seen is not None
        self.assertEqual((seen.client, seen.requests), ("cursor/1", 3))
        self.assertEqual((seen.first_at, seen.last_at), (100.0, 120.0))
        self.assertEqual(seen.error, "")

    def test_each_sees_its_own(self) -> None:
        """A caller is not shown the client of another one; all have a last one."""
        self.callers.ended(record("a", "cursor/1"), 200)
        self.callers.ended(record("b", "zed/2"), 200)
        seen, last = self.callers.last("a"), self.callers.last()
        assert seen is not None
        assert last is not None
        self.assertEqual((seen.client, last.client), ("cursor/1", "zed/2"))
        self.assertIsNone(self.callers.last("c"))
        self.assertIsNone(Callers(lambda: 0.0).last())

    def test_errors(self) -> None:
        """An error is kept until another client comes."""
        self.callers.ended(record("a", "cursor/1"), 200)
        self.callers.failed("a", "JSON-RPC -32602")
        self.callers.failed("stranger", "JSON-RPC -32602")
        seen = self.callers.last("a")
        assert seen is not None
        self.assertEqual((seen.error, seen.error_at), ("JSON-RPC -32602", 100.0))
        self.callers.ended(record("a", "cursor/1"), 429)
        seen = self.callers.last("a")
        assert seen is not None
        self.assertEqual(seen.error, "HTTP 429")
        self.callers.ended(record("a", "zed/2"), 200)
        seen = self.callers.last("a")
        assert seen is not None
        self.assertEqual((seen.client, seen.requests, seen.error), ("zed/2", 1, ""))

    def test_unnamed(self) -> None:
        """Requests without a named client, and streams, are not counted."""
        self.callers.ended(AccessRecord("/health", "GET", 0.0), 200)
        self.callers.ended(record("a", "cursor/1", "GET"), 200)
        self.assertIsNone(self.callers.last())

    def test_bounded(self) -> None:
        """The caller that was idle for longest is forgotten."""
        for number in range(callers.MAX_CALLERS + 1):
            self.callers.ended(record(str(number), "cursor/1"), 200)
        self.assertIsNone(self.callers.last("0"))
        self.assertIsNotNone(self.callers.last("1"))
