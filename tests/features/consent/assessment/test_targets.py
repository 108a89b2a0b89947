"""Which objects a write names."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.features.consent.assessment.targets import MAX_TARGETS, targets_of


class TargetTests(SynchronousTestCase):
    def targets(self, operation_id: str, **arguments: object) -> tuple[str, ...]:
        """Return the targets of a call."""
        return targets_of(BY_ID[operation_id], dict(arguments))

    def test_path_and_members(self) -> None:
        """Ids in the path and in members that are named like ids count."""
        self.assertEqual(self.targets("patchCampaign", id="c", name="n"), ("c",))
        self.assertEqual(self.targets("deleteAccount", email="a@b.c"), ("a@b.c",))
        moved = self.targets(
            "moveLeads", ids=["1", "2"], campaign="c", to_campaign_id="d", search="x"
        )
        self.assertEqual(set(moved), {"1", "2", "c", "d"})
        self.assertEqual(self.targets("replyToEmail", reply_to_uuid="m"), ("m",))

    def test_none(self) -> None:
        """A new object has no id yet, and a huge selection is cut."""
        self.assertEqual(self.targets("createCampaign", name="n"), ())
        many = self.targets("moveLeads", ids=[str(n) for n in range(500)])
        self.assertEqual(len(many), MAX_TARGETS)
