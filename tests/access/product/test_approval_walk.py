"""The walk under ``approve``: each kind of call, by each way, waits for a person."""

from __future__ import annotations

from .agent_case import AgentTestCase
from .attempts import ONE_OF_EACH_KIND
from .memory_daemon import MemoryDaemon
from .oracle import FULL, WAITS, everything, settings_of, verdict
from .ways import KEY, WAYS, error_of

POLICY = everything("approve")


class ApprovalWalkTests(AgentTestCase):
    """One daemon with an approver, who approves every second request."""

    def start(self) -> MemoryDaemon:
        """Start a daemon that asks a person about everything."""
        return MemoryDaemon(state_dir=str(self.folder), **settings_of(POLICY))

    def test_each_kind(self) -> None:
        """Nothing is sent before the approval; after it, it is sent once."""
        for way in WAYS:
            for attempt in ONE_OF_EACH_KIND:
                if attempt.stops:
                    continue
                stops, classes = attempt.stops, attempt.classes
                self.assertEqual(verdict(classes, FULL, POLICY, stops=stops), WAITS)
                arguments = attempt.made(self.daemon.world(KEY))
                what = f"{way}, {attempt.name}"
                first = WAYS[way](self.caller, attempt.tool, arguments)
                self.assertEqual(error_of(first).get("code"), "approval_pending", what)
                self.assertEqual(self.daemon.writes(KEY), [], what)
                (waiting,) = self.successResultOf(self.daemon.books.approvals.pending())
                self.approve(waiting.id)
                second = WAYS[way](self.caller, attempt.tool, arguments)
                WAYS[way](self.caller, attempt.tool, arguments)
                self.note()
                self.assertEqual(self.sent, [attempt.operation], f"{what}: {second}")
                self.sent.clear()
                for left in self.successResultOf(self.daemon.books.approvals.pending()):
                    self.deny(left.id)

    def test_stopping(self) -> None:
        """Pausing asks no person."""
        for way in WAYS:
            for attempt in ONE_OF_EACH_KIND:
                if attempt.stops:
                    arguments = attempt.made(self.daemon.world(KEY))
                    WAYS[way](self.caller, attempt.tool, arguments)
                    self.assertEqual(self.daemon.writes(KEY), [attempt.operation], way)
