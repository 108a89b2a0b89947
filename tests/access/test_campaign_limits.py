"""Which campaigns a write names, and whether the operator permits them."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.campaign_limits import (
    MAX_NAMED,
    UNKNOWN,
    CampaignLimits,
    NamedKind,
    NamedThing,
    given_name,
    named_by,
)
from instantly_mcp.access.refusal import AccessRefusedError
from instantly_mcp.catalog.index import BY_ID

CAMPAIGN, LEAD = NamedKind.CAMPAIGN, NamedKind.LEAD


def named(operation: str, **arguments: Any) -> list[NamedThing]:
    """Return what a write names."""
    return list(named_by(BY_ID[operation], arguments))


class NamedByTests(SynchronousTestCase):
    """By the names and places of parameters."""

    def test_every_way(self):
        """A campaign is named in the path or a parameter; leads and mails have one."""
        for operation, arguments, expected in (
            ("activateCampaign", {"id": "c"}, (CAMPAIGN, "c")),
            ("patchCampaign", {"id": "c"}, (CAMPAIGN, "c")),
            ("createLead", {"campaign": "c"}, (CAMPAIGN, "c")),
            ("bulkAddLeads", {"campaign_id": "c", "leads": []}, (CAMPAIGN, "c")),
            ("patchLead", {"id": "l"}, (LEAD, "l")),
            ("deleteLead", {"id": "l"}, (LEAD, "l")),
            ("replyToEmail", {"reply_to_uuid": "e"}, (NamedKind.EMAIL, "e")),
            (
                "createSuperSearchEnrichment",
                {"resource_id": "r"},
                (NamedKind.RESOURCE, "r"),
            ),
            ("moveLeads", {"search": "x"}, (NamedKind.UNKNOWN, "")),
            ("updateLeadInterestStatus", {"lead_email": "x"}, (NamedKind.UNKNOWN, "")),
        ):
            self.assertEqual(
                named(operation, **arguments), [NamedThing(*expected)], operation
            )

    def test_source_and_target(self):
        """Moving leads names the campaign that they leave, and the one they join."""
        self.assertEqual(
            named("moveLeads", campaign="a", to_campaign_id="b", ids=["l"]),
            [NamedThing(CAMPAIGN, "a"), NamedThing(CAMPAIGN, "b")],
        )
        self.assertEqual(
            named("moveLeads", ids=["l", "m"], to_campaign_id="b"),
            [NamedThing(CAMPAIGN, "b"), NamedThing(LEAD, "l"), NamedThing(LEAD, "m")],
        )

    def test_none(self):
        """What belongs to no campaign names none, and flags are not ids."""
        for operation, arguments in (
            ("createLeadList", {"name": "x"}),
            ("createLead", {"list_id": "x", "skip_if_in_campaign": True}),
            ("moveLeads", {"list_id": "x", "to_list_id": "y", "search": "z"}),
            ("patchAccount", {"email": "a@example.com"}),
            ("createCampaign", {"name": "x", "campaign_schedule": {}}),
        ):
            self.assertEqual(named(operation, **arguments), [], operation)

    def test_too_many(self):
        """More than can be looked up are unknown, also when they are hidden at the end."""  # noqa: E501
        ids = [f"l{number}" for number in range(MAX_NAMED + 1)]
        self.assertEqual(named("moveLeads", ids=ids), [UNKNOWN])
        self.assertEqual(len(named("moveLeads", ids=ids[1:])), MAX_NAMED)

    def test_given_name(self):
        """Creating and renaming a campaign give it a name; a list is not a campaign."""
        self.assertEqual(given_name(BY_ID["createCampaign"], {"name": "x"}), "x")
        self.assertEqual(given_name(BY_ID["patchCampaign"], {"name": "x"}), "x")
        self.assertIsNone(given_name(BY_ID["patchCampaign"], {"id": "x"}))
        self.assertIsNone(given_name(BY_ID["createLeadList"], {"name": "x"}))


class CampaignLimitsTests(SynchronousTestCase):
    """Allow and deny, by id and by exact name."""

    def permitted(self, limits: CampaignLimits, id: str, name: str | None) -> bool:
        """Say whether a campaign may be changed."""
        try:
            limits.require_permitted(id, name)
        except AccessRefusedError as refused:
            self.assertEqual(refused.code, "not_allowed")
            return False
        return True

    def test_no_lists(self):
        """Without lists there is no limit."""
        self.assertFalse(CampaignLimits().limits)
        self.assertTrue(self.permitted(CampaignLimits(), "c", None))

    def test_spelling(self):
        """An id is the same in upper case, in a list and in a call; a name is not."""
        id = "0190a4f2-5d6a-7c14-8f00-00000000abcd"
        for listed in (id, id.upper()):
            limits = CampaignLimits(deny=frozenset({listed, "Spring"}))
            for given in (id, id.upper()):
                self.assertFalse(self.permitted(limits, given, "Other"))
            self.assertTrue(self.permitted(limits, "c", "SPRING"))

    def test_allow(self):
        """With an allow list only those are permitted, by id or by exact name."""
        limits = CampaignLimits(allow=frozenset({"c1", "Spring"}))
        self.assertTrue(self.permitted(limits, "c1", "Other"))
        self.assertTrue(self.permitted(limits, "c1", None))
        self.assertTrue(self.permitted(limits, "c2", "Spring"))
        for name in ("spring", "Spring ", "Spring 2", None):
            self.assertFalse(self.permitted(limits, "c2", name), name)

    def test_deny(self):
        """Denied ones are refused; one whose name is not known is refused as well."""
        limits = CampaignLimits(deny=frozenset({"c1", "Board"}))
        self.assertFalse(self.permitted(limits, "c1", "Other"))
        self.assertFalse(self.permitted(limits, "c2", "Board"))
        self.assertFalse(self.permitted(limits, "c2", None))
        self.assertTrue(self.permitted(limits, "c2", "Spring"))

    def test_both(self):
        """Deny wins."""
        both = frozenset({"c1"})
        limits = CampaignLimits(allow=both, deny=both)
        self.assertFalse(self.permitted(limits, "c1", "x"))

    def test_names_are_reserved(self):
        """No write gives a campaign a name of the lists: it would count as that one."""
        limits = CampaignLimits(allow=frozenset({"Spring"}), deny=frozenset({"Board"}))
        for name in ("Spring", "Board"):
            with self.assertRaises(AccessRefusedError):
                limits.require_other_name(name)
        limits.require_other_name("Autumn")
