"""What a write reaches besides what it names; what cannot be read counts as reached."""

from __future__ import annotations

from typing import Any

from instantly_mcp.access.act import Act
from instantly_mcp.access.rails.passing import Rails
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.consent.assessment.reach import MAX_MAPPED
from tests.support.instantly import api_error

from ..test_token_confirmation import CAMPAIGN, ConfirmCase

LEAD = {"id": "l1", "email": "a@example.com", "campaign": "c1"}
IDLE = {"campaign_id": "c1", "campaign_name": "Spring", "status": 2}


def unreadable(operation_id: str) -> Exception:
    """Return the error of a read for which the key has no scope."""
    return api_error(Reason.SCOPE_MISSING, operation_id, status=403)


class ReachTests(ConfirmCase):
    """Under the default policy: what sends or spends is confirmed, the rest is done."""

    def asks(self, name: str, given: Any, operation_id: str, *replies: Any) -> None:
        """Check that a call must be confirmed, whatever Instantly's reply to a read."""
        for reply in replies:
            self.instantly.answers(operation_id, reply)
            self.required(name, **given)

    def passes(self, name: str, given: Any, operation_id: str, *replies: Any) -> None:
        """Check that a call is made at once."""
        for reply in replies:
            self.instantly.answers(operation_id, reply)
            self.value(name, **given)

    def test_enriching_list(self) -> None:
        """A lead for a list that enriches spends credits."""
        given = {"list_id": "x", "email": "a@example.com"}
        enriches = {"id": "x", "has_enrichment_task": True}
        failed = unreadable("getLeadList")
        self.asks("create_lead", given, "getLeadList", enriches, failed)
        self.passes("create_lead", given, "getLeadList", {"id": "x"})

    def test_campaign_of_a_lead(self) -> None:
        """A lead that is changed may be mailed by its campaign."""
        given = {"lead_id": "l1", "phone": "1"}
        self.instantly.answers("getLead", LEAD)
        self.instantly.answers("patchLead", LEAD)
        failed = unreadable("getCampaign")
        self.asks("update_lead", given, "getCampaign", CAMPAIGN, failed)
        self.passes("update_lead", given, "getCampaign", {**CAMPAIGN, "status": 0})

    def test_campaigns_of_an_account(self) -> None:
        """An account that is changed may send for its campaigns, read or not."""
        given = {"email": "me@ours.example", "daily_limit": 5}
        read = "getAccountCampaignMapping"
        running, many = {**IDLE, "status": 1}, [IDLE] * MAX_MAPPED
        self.asks("update_account", given, read, {"items": [running]}, {"items": many})
        self.asks("update_account", given, read, {}, {"items": None}, unreadable(read))
        self.passes("update_account", given, read, {"items": [IDLE]}, {"items": []})

    def test_account_in_other_letters(self) -> None:
        """An account that is given in other letters is found as Instantly keeps it."""
        kept, running = "me@ours.example", [{**IDLE, "status": 1}]
        self.instantly.answers("getAccount", {"email": kept})
        self.instantly.answers(
            "getAccountCampaignMapping",
            lambda asked: {"items": running if asked["email"] == kept else []},
        )
        self.required("update_account", email="Me@Ours.example", daily_limit=5)


class LastMomentTests(ConfirmCase):
    """What is asked again right before a request."""

    def test_may_go(self) -> None:
        """A write that passed the rails is not sent if it may not go any more."""
        asked: list[str] = []

        def may_go(act: Act) -> bool:
            asked.append(act.operation.id)
            return False

        self.asking.rails = Rails(may_go=may_go)
        error = self.failure("create_lead_list", name="Fair")
        self.assertEqual(error["code"], "sending_off")
        self.assertEqual(asked, ["createLeadList"])
        self.assertEqual(self.instantly.calls("createLeadList"), [])
