"""Each way of calling a tool reaches Instantly, exactly once: the walk is real."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from .attempts import ATTEMPTS
from .memory_daemon import MemoryDaemon
from .oracle import everything, settings_of
from .ways import KEY, WAYS, Caller

ALLOWED = settings_of(everything("allow"))
"""The settings with which each call is let through."""


class WaysTests(SynchronousTestCase):
    """All ways on a daemon that allows everything."""

    def setUp(self) -> None:
        """Start a daemon."""
        self.daemon = MemoryDaemon(**ALLOWED)

    def test_each_way(self) -> None:
        """A list that is created by each way is created once."""
        (creating,) = (each for each in ATTEMPTS if each.name == "a new list")
        for name, way in WAYS.items():
            with self.subTest(way=name):
                arguments = creating.made(self.daemon.world(KEY))
                result = way(
                    Caller(daemon=self.daemon),
                    creating.tool,
                    arguments,
                )
                self.assertNotIn("error", result)
                self.assertNotIn("isError", result)
                self.assertEqual(self.daemon.writes(KEY), [creating.operation])

    def test_each_attempt(self) -> None:
        """Each attempt reaches the operation that the table names."""
        for each in ATTEMPTS:
            with self.subTest(attempt=each.name):
                arguments = each.made(self.daemon.world(KEY))
                result = WAYS["modern"](
                    Caller(daemon=self.daemon), each.tool, arguments
                )
                self.assertNotIn("isError", result, result)
                self.assertEqual(self.daemon.writes(KEY), [each.operation], result)
