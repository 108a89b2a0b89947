"""The operator's lists of campaigns, on the simulated Instantly."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import JsonObject, dumps, loads
from instantly_mcp.access.campaign_limits import CampaignLimits
from instantly_mcp.access.decisions import Decision
from instantly_mcp.access.interfaces import IAuditLog
from instantly_mcp.features.consent.guard import WriteGuard
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.cases import NOW
from tests.features.on_sandbox import features_on, run_tool
from tests.support.access import policy_of
from tests.support.cases import ClockedTestCase

KEY = Credential(secret=Secret("sandbox-limits"), source="test")


@implementer(IAuditLog)
class KeptLines:
    """Keeps audit lines."""

    def __init__(self) -> None:
        self.lines: list[JsonObject] = []

    def append(self, facts: JsonObject) -> Deferred[None]:
        """Keep a line."""
        self.lines.append(facts)
        return succeed(None)


class CampaignCheckTests(ClockedTestCase):
    """Calls tools behind lists of campaigns, in a policy that allows everything."""

    def setUp(self) -> None:
        """Build the features on a new sandbox."""
        super().setUp()
        sandbox = Sandbox(self.clock, start=NOW, rate_limited=False)
        self.features = features_on(sandbox, self.clock)
        names = [each["name"] for each in self.call("list_campaigns")["items"]]
        self.mine, self.other = names[:2]
        self.ids = {
            each["name"]: each["id"] for each in self.call("list_campaigns")["items"]
        }

    def limit(self, allow: tuple[str, ...] = (), deny: tuple[str, ...] = ()) -> None:
        """Limit the campaigns from now on."""
        self.audit = KeptLines()
        self.features.context.guard = WriteGuard(
            policy=policy_of(Decision.ALLOW),
            campaigns=CampaignLimits(allow=frozenset(allow), deny=frozenset(deny)),
            audit=self.audit,
        )

    def call(self, name: str, /, **arguments: Any) -> Any:
        """Return the structured value of a call."""
        running = run_tool(self.features.tools, name, arguments, KEY)
        return loads(
            dumps(self.successResultOf(self.after_a_minute(running)).structured)
        )

    def code(self, name: str, /, **arguments: Any) -> str | None:
        """Return the error code of a call, ``None`` for success."""
        error = self.call(name, **arguments).get("error")
        return None if error is None else str(error["code"])

    def lead_of(self, campaign: str) -> str:
        """Return a lead of a campaign."""
        found = self.call("list_leads", campaign=self.ids[campaign], limit=1)["items"]
        id: str = found[0]["id"]
        return id

    def test_allow(self) -> None:
        """Only the named campaign is changed, directly and through its leads."""
        self.limit(allow=(self.mine,))
        for campaign, code in ((self.mine, None), (self.other, "not_allowed")):
            id, lead = self.ids[campaign], self.lead_of(campaign)
            for tool, arguments in (
                ("update_campaign", {"campaign_id": id, "daily_limit": 7}),
                ("update_lead", {"lead_id": lead, "first_name": "Ann"}),
                (
                    "create_lead",
                    {"campaign": id, "email": f"{campaign[0]}@example.com"},
                ),
            ):
                self.assertEqual(self.code(tool, **arguments), code, (tool, campaign))

    def test_deny(self) -> None:
        """A denied campaign is not changed, by id as well, and others are."""
        self.limit(deny=(self.ids[self.other],))
        for campaign, code in ((self.mine, None), (self.other, "not_allowed")):
            arguments = {"campaign_id": self.ids[campaign], "daily_limit": 7}
            self.assertEqual(self.code("update_campaign", **arguments), code)

    def test_pause(self) -> None:
        """Pausing is possible for every campaign."""
        self.limit(allow=(self.mine,))
        id = self.ids[self.other]
        self.assertNotEqual(self.code("pause_campaign", campaign_id=id), "not_allowed")

    def test_taken_name(self) -> None:
        """Neither a new campaign nor a renamed one passes as the permitted one."""
        self.limit(allow=(self.mine, "Reserved"))
        id = self.ids[self.mine]
        rename = {"campaign_id": id, "name": "Reserved"}
        self.assertEqual(self.code("update_campaign", **rename), "not_allowed")
        same = {"campaign_id": id, "name": self.mine}
        self.assertIsNone(self.code("update_campaign", **same))

    def test_refusal_is_recorded(self) -> None:
        """A refusal is a line of the audit, without what was to be written."""
        self.limit(deny=(self.other,))
        id = self.ids[self.other]
        self.code("update_campaign", campaign_id=id, name="A secret name")
        (line,) = self.audit.lines
        self.assertEqual(line["kind"], "refused")
        self.assertEqual(line["code"], "not_allowed")
        self.assertEqual(line["tool"], "update_campaign")
        self.assertEqual(line["targets"], [id])
        self.assertNotIn(b"A secret name", dumps(line))
