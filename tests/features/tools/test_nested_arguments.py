"""Nested arguments are validated at every level, beyond the listed outline."""

from __future__ import annotations

from typing import Any

from tests.features.cases import ToolTestCase

STEP: dict[str, Any] = {
    "type": "email",
    "delay": 2,
    "variants": [{"subject": "Hi", "body": "Hello\nthere"}],
}
WINDOW: dict[str, Any] = {
    "name": "Week",
    "timing": {"from": "09:00", "to": "17:00"},
    "days": {"1": True},
    "timezone": "America/New_York",
}
QUERY: dict[str, Any] = {"actionType": "reply", "values": {"occurrence-days": 30}}


def steps(*each: Any) -> Any:
    """Return sequences with these steps."""
    return [{"steps": list(each)}]


def schedule(**changes: Any) -> Any:
    """Return a schedule of one window, with changes."""
    return {"schedules": [{**WINDOW, **changes}]}


class NestedArgumentTests(ToolTestCase):
    def refused(self, tool: str, **given: Any) -> str:
        """Return the message of a call that must send nothing."""
        result = self.run_tool(tool, **given)
        error = self.error_of(result)
        self.assertEqual(self.instantly.executed, [], given)
        self.assertEqual(error["code"], "bad_argument")
        return str(error["message"])

    def changed(self, **given: Any) -> str:
        """Return the message of a change of a campaign that is refused."""
        return self.refused("update_campaign", campaign_id="c", **given)

    def test_what_fits_is_sent(self) -> None:
        """A valid value is sent to Instantly under the API's names."""
        self.value("update_campaign", campaign_id="c", sequences=steps(STEP))
        (patch,) = self.instantly.calls("patchCampaign")
        (variant,) = patch["sequences"][0]["steps"][0]["variants"]
        self.assertEqual(variant, {"subject": "Hi", "body": "<p>Hello<br/>there</p>"})
        self.value("update_campaign", campaign_id="c", campaign_schedule=schedule())
        self.value("list_leads", queries=[QUERY])

    def test_malformed_steps(self) -> None:
        """Null or missing steps and variants are refused, not a crash."""
        odd_ones: tuple[Any, ...] = (
            [{"steps": None}],
            [{}],
            [],
            steps(),
            steps({"variants": None}),
            steps({**STEP, "variants": []}),
        )
        for odd in odd_ones:
            self.assertIn("sequences", self.changed(sequences=odd))

    def test_misspelled_members(self) -> None:
        """An unknown member is reported with its path, never dropped."""
        wrong = {**STEP, "variants": [{"subject": "a", "body": "b", "boddy": "c"}]}
        self.assertIn(
            "sequences.0.steps.0.variants.0.boddy", self.changed(sequences=steps(wrong))
        )
        self.assertIn(
            "campaign_schedule.schedules.0.days.monday",
            self.changed(campaign_schedule=schedule(days={"monday": True})),
        )
        self.assertIn(
            "auto_variant_select.by",
            self.changed(auto_variant_select={"trigger": "reply_rate", "by": 1}),
        )
        self.assertIn(
            "provider_routing_rules.0.to",
            self.changed(provider_routing_rules=[{"action": "send", "to": ["all"]}]),
        )
        self.assertIn(
            "warmup.advanced.open",
            self.refused(
                "update_account", email="a@b.co", warmup={"advanced": {"open": 1}}
            ),
        )

    def test_queries(self) -> None:
        """A query that would filter nothing neither lists nor moves anything."""
        wrong = {"actionType": "reply", "values": {"days": 30}}
        for tool in ("list_leads", "move_leads_to_campaign_or_list"):
            given = {} if tool == "list_leads" else {"to_list_id": "x"}
            message = self.refused(tool, queries=[wrong], **given)
            self.assertIn("queries.0.values.days", message)

    def test_two_sequences(self) -> None:
        """Only the first sequence is used, so a second one is refused."""
        self.changed(sequences=[*steps(STEP), *steps(STEP)])

    def test_schedules_that_never_send(self) -> None:
        """No day at all, no real date, and an end before the start are refused."""
        self.changed(campaign_schedule=schedule(days={"1": False}))
        self.changed(campaign_schedule={**schedule(), "start_date": "soon"})
        self.changed(campaign_schedule={**schedule(), "start_date": "2026-02-30"})
        dates = {"start_date": "2026-03-01", "end_date": "2026-02-01"}
        self.changed(campaign_schedule={**schedule(), **dates})

    def test_a_value_is_never_quoted(self) -> None:
        """The message names paths and rules, never values."""
        secret = {**STEP, "delay": "secret-value"}
        self.assertNotIn("secret-value", self.changed(sequences=steps(secret)))

    def test_reset(self) -> None:
        """A nested setting is reset by name where the API allows null."""
        self.value("update_campaign", campaign_id="c", reset=["auto_variant_select"])
        (patch,) = self.instantly.calls("patchCampaign")
        self.assertIsNone(patch["auto_variant_select"])
