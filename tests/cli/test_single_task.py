"""Running the reactor for one task."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost, ReactorNotRunning
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.single_task import run_until_done


class InterruptedReactor:
    """A reactor that Ctrl-C stops while the task waits for a connection."""

    def __init__(self, task: Deferred[None]) -> None:
        self._task = task

    def callWhenRunning(self, begin: Callable[[], object]) -> None:
        """Begin at once."""
        begin()

    def run(self) -> None:
        """Close the connection, as a reactor does that was stopped."""
        self._task.errback(ConnectionLost())

    def stop(self) -> None:
        """Refuse, because the reactor was stopped already."""
        raise ReactorNotRunning


class InterruptedTests(SynchronousTestCase):
    """Ctrl-C during a task."""

    def test_failure_of_the_task(self) -> None:
        """The failure of the task is raised, and nothing else is reported."""
        task: Deferred[None] = Deferred()
        with self.assertRaises(ConnectionLost):
            run_until_done(InterruptedReactor(task), lambda: task)
        self.assertIsNone(self.successResultOf(task))
