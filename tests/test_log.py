"""The fast logger for lines that are written for every request."""

from __future__ import annotations

from typing import cast

from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    formatEvent,
    globalLogPublisher,
)
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._log import Line


class Logged:
    """Logs with a Twisted `Logger`, for comparison."""

    log = Logger()


class LineTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Collect every log event."""
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def test_event(self):
        """An observer gets the same event as from a `Logger`, and can format it."""
        Line(f"{__name__}.Logged", "{one} and {two}").write(one=1, two="zwei")
        Logged().log.info("{one} and {two}", one=1, two="zwei")
        ours, theirs = self.events
        for name in ("log_level", "log_namespace", "log_format", "one", "two"):
            self.assertEqual(ours[name], theirs[name], name)
        self.assertEqual(formatEvent(ours), "1 and zwei")
        self.assertIsInstance(ours["log_time"], type(theirs["log_time"]))

    def test_lines_share_nothing(self):
        """The fields of one event are not in the next one."""
        line = Line("a.B", "{what}")
        line.write(what="first", extra=True)
        line.write(what="second")
        self.assertEqual([formatEvent(e) for e in self.events], ["first", "second"])
        self.assertNotIn("extra", self.events[1])

    def test_own_observer(self):
        """An event can go to another observer than the global one."""
        own: list[LogEvent] = []
        Line("a.B", "quiet", cast(ILogObserver, own.append)).write()
        self.assertEqual([formatEvent(event) for event in own], ["quiet"])
        self.assertEqual(self.events, [])
