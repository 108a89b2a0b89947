"""An operator under ``approve``: changes of the policy, and what is recorded."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent

from instantly_mcp._json_codec import loads

from .agent_case import APPROVER, POLICY, AgentTestCase
from .memory_daemon import MemoryDaemon
from .oracle import settings_of


class OperatorTests(AgentTestCase):
    """What the operator changes, and what is recorded of it."""

    def test_new_policy(self) -> None:
        """What was approved under one policy must be approved again under another."""
        pending = self.assertCode(self.attempt(), "approval_pending")
        self.approve(str(pending["approval"]))
        self.daemon.stop()
        policy = settings_of({**POLICY, "writes": "confirm"})
        self.daemon = MemoryDaemon(state_dir=str(self.folder), **policy)
        again = self.assertCode(self.attempt(), "approval_pending")
        self.assertNotEqual(again["approval"], pending["approval"])
        self.assertSent()

    def test_recorded(self) -> None:
        """The audit has questions, decisions and the kill switch."""
        pending = self.assertCode(self.attempt(), "approval_pending")
        self.deny(str(pending["approval"]))
        self.successResultOf(self.daemon.books.sending.switch(True, "root"))
        lines = (self.folder / "audit.jsonl").read_bytes().splitlines()
        found = [
            (line["kind"], line.get("outcome"), line.get("by"))
            for line in map(loads, lines)
            if line["kind"] in {"approval", "sending"}
        ]
        self.assertEqual(
            found,
            [
                ("approval", "pending", None),
                ("approval", "denied", APPROVER),
                ("sending", None, "root"),
            ],
        )

    def test_head(self) -> None:
        """The head of the audit is in the log every hour, for another machine."""
        with capturedLogs() as events:
            self.daemon.reactor.advance(3600)
        heads = [each for each in map(formatEvent, events) if "audit head" in each]
        self.assertEqual(len(heads), 1)
