"""Every write has a preview, whatever Instantly replies to the reads for it."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings

from instantly_mcp.access.decisions import Decision
from instantly_mcp.catalog.index import BY_ID, OPERATIONS
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.features.workspace.context import IWriteGuard
from tests.features.cases import NOW, ToolTestCase
from tests.features.test_odd_replies import REPLIES, arguments_of
from tests.support.access import asking_guard, policy_of
from tests.support.seals import new_seal


class AnyPreviewTests(ToolTestCase):
    """Everything must be confirmed, and nothing is."""

    def guard(self) -> IWriteGuard:
        policy = policy_of(Decision.CONFIRM)
        return asking_guard(new_seal(), NOW.timestamp, policy)

    def every_write(self, reply: Any) -> set[str]:
        """Call every tool that changes something; return those that asked."""
        asked = set()
        for operation in OPERATIONS:
            self.instantly.answers(operation.id, reply)
        for declared in DECLARATIONS:
            if declared.hints.read_only:
                continue
            for arguments in arguments_of(declared.name):
                running = self.starting(declared.name, **arguments)
                for _ in range(12):
                    self.clock.advance(10)
                result = self.successResultOf(running)
                error = result.structured.get("error") or {}
                if error.get("code") == "confirmation_required":
                    self.assertTrue(error["preview"]["says"], error)
                    asked.add(declared.name)
        sent = [id for id in self.instantly.ids if not BY_ID[id].effect.read_only]
        stopping = {"pauseCampaign", "pauseAccount", "disableWarmupForAccounts"}
        self.assertLessEqual(set(sent), stopping)
        return asked

    @settings(
        max_examples=10,
        deadline=None,
        suppress_health_check=[HealthCheck.differing_executors],
    )
    @given(REPLIES)
    def test_any_reply(self, reply: Any) -> None:
        """Nothing is sent, and nothing crashes."""
        self.every_write(reply)

    def test_empty_reply(self) -> None:
        """Most tools ask even if the workspace shows nothing."""
        self.assertGreater(len(self.every_write({"id": "x", "items": []})), 12)
