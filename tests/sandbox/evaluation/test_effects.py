"""What a client changed is found, and nothing of what the simulation did itself."""

from __future__ import annotations

from typing import Any

from instantly_mcp.sandbox.evaluation.cases import CASES
from instantly_mcp.sandbox.evaluation.effects import NO_INTEREST
from instantly_mcp.sandbox.hostile import MARKER, add_attacks
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.sandbox.calls import SandboxTestCase

DAY_SECONDS = 24 * 3600.0
ACCOUNT = "nora@hale.example.com"


class EffectTests(SandboxTestCase):
    key = "sandbox-eval-any-replies"

    def seen(self) -> Any:
        """Return what ``GET /sandbox/effects`` shows."""
        return self.ok("GET", "/sandbox/effects")

    def only(self) -> Any:
        """Return the one effect."""
        (effect,) = self.seen()["effects"]
        return effect

    def lead(self, text: str) -> Any:
        """Return the lead that a search finds."""
        (found,) = self.ok("POST", "/leads/list", {"search": text})["items"]
        return found

    def campaign_id(self, name: str) -> str:
        """Return the id of a campaign."""
        found = self.ok("GET", "/campaigns", limit=100)["items"]
        return next(str(each["id"]) for each in found if each["name"] == name)

    def list_id(self, name: str) -> str:
        """Return the id of a list."""
        found = self.ok("GET", "/lead-lists", limit=100)["items"]
        return next(str(each["id"]) for each in found if each["name"] == name)

    def test_reading_has_no_effect(self) -> None:
        """Reading is in the journal, and changes nothing."""
        self.ok("GET", f"/accounts/{ACCOUNT}")
        seen = self.seen()
        self.assertEqual(seen["effects"], [])
        (entry,) = seen["operations"]
        self.assertEqual(entry["operation"], "getAccount")
        self.assertEqual(entry["path"], {"email": ACCOUNT})

    def test_refused_calls_are_not_in_the_journal(self) -> None:
        """Only what was executed counts."""
        self.refused(404, "GET", "/accounts/none@example.com")
        self.assertEqual(self.seen()["operations"], [])

    def test_unused_workspace(self) -> None:
        """A workspace that was never used shows nothing, and is not created."""
        seen = self.seen()
        self.assertEqual(seen["effects"], [])
        self.assertEqual(seen["unfinished_jobs"], 0)
        self.assertEqual(seen["key"], self.key)

    def test_reset(self) -> None:
        """A reset forgets effects and journal."""
        self.ok("POST", f"/accounts/{ACCOUNT}/pause")
        self.ok("POST", "/sandbox/reset")
        self.ok("GET", "/lead-lists")
        self.assertEqual(self.seen()["effects"], [])
        self.assertEqual(len(self.seen()["operations"]), 1)

    def test_account(self) -> None:
        """A paused account is a change of its status."""
        self.ok("POST", f"/accounts/{ACCOUNT}/pause")
        expected = {"change": "changed", "kind": "account", "name": ACCOUNT}
        self.assertEqual(self.only(), {**expected, "fields": {"status": 2}})

    def test_campaign(self) -> None:
        """A campaign that was created shows what it was created with."""
        id = self.campaign_id("Healthcare pilots")
        copied = self.ok("GET", f"/campaigns/{id}")
        body = {name: copied[name] for name in ("name", "campaign_schedule")}
        self.ok("POST", "/campaigns", body)
        effect = self.only()
        self.assertEqual((effect["change"], effect["kind"]), ("created", "campaign"))
        self.assertEqual(effect["fields"]["status"], 0)

    def test_lead_fields(self) -> None:
        """A changed lead shows the changed fields, its variables too."""
        id = self.lead("dana.frost")["id"]
        change = {"job_title": "CTO", "custom_variables": {"city": "Ghent"}}
        self.ok("PATCH", f"/leads/{id}", change)
        self.assertEqual(self.only()["fields"], change)

    def test_reset_lead_field(self) -> None:
        """A field that was cleared is a change to null."""
        id = self.lead("dana.frost")["id"]
        self.ok("PATCH", f"/leads/{id}", {"phone": None})
        self.assertEqual(self.only()["fields"], {"phone": None})

    def test_deleted_lead(self) -> None:
        """A deleted lead shows where it was."""
        lead = self.lead("dana.frost")
        self.ok("DELETE", f"/leads/{lead['id']}")
        effect = self.only()
        self.assertEqual((effect["change"], effect["name"]), ("deleted", lead["email"]))
        self.assertEqual(effect["fields"]["campaign"], "Q4 Fintech")

    def test_job(self) -> None:
        """A move is unfinished first; when its job has ended, it shows the places."""
        lead = self.lead("dana.frost")
        target = self.list_id("Website inbound")
        move = {
            "ids": [lead["id"]],
            "campaign": lead["campaign"],
            "to_list_id": target,
        }
        self.ok("POST", "/leads/move", move)
        seen = self.seen()
        self.assertEqual((seen["effects"], seen["unfinished_jobs"]), ([], 1))
        self.sandbox.skip(60, self.key)
        seen = self.seen()
        self.assertEqual(seen["unfinished_jobs"], 0)
        places = {"campaign": None, "list": "Website inbound"}
        self.assertEqual(seen["effects"][0]["fields"], places)

    def test_reply(self) -> None:
        """A reply is sent mail with all its recipients."""
        found = self.ok("GET", "/emails", search="dana.frost")["items"]
        mail = next(each for each in found if each["is_unread"])
        self.ok(
            "POST",
            "/emails/reply",
            {
                "reply_to_uuid": mail["id"],
                "eaccount": mail["eaccount"],
                "subject": "Re: A question",
                "body": {"text": "Tuesday it is."},
                "bcc_address_email_list": "other@example.org",
            },
        )
        effect = self.only()
        self.assertEqual((effect["change"], effect["name"]), ("sent", mail["lead"]))
        self.assertEqual(effect["fields"]["to"], [mail["from_address_email"]])
        self.assertEqual(effect["fields"]["bcc"], ["other@example.org"])

    def test_read_mail(self) -> None:
        """Mail that was marked as read is a change of each mail."""
        found = self.ok("GET", "/emails", search="dana.frost")["items"]
        thread = found[0]["thread_id"]
        self.ok("POST", f"/emails/threads/{thread}/mark-as-read")
        effect = self.only()
        self.assertEqual(
            (effect["kind"], effect["fields"]), ("email", {"is_unread": 0})
        )

    def test_credits(self) -> None:
        """A verification spends a credit."""
        self.ok("POST", "/email-verification", {"email": "a@river.example.org"})
        self.assertEqual(self.only()["fields"], {"amount": 1})

    def test_pending_interest(self) -> None:
        """A label that is set in the background is unfinished until it is set."""
        lead = self.lead("dana.frost")
        change = {"lead_email": lead["email"], "interest_value": -1}
        self.ask("POST", "/leads/update-interest-status", change)
        seen = self.seen()
        self.assertEqual((seen["effects"], seen["unfinished_jobs"]), ([], 1))
        self.sandbox.skip(60, self.key)
        self.assertEqual(self.seen()["unfinished_jobs"], 0)
        self.assertEqual(self.only()["fields"], {"lt_interest_status": -1})
        self.assertGreater(
            self.lead("dana.frost")["timestamp_updated"], lead["timestamp_updated"]
        )

    def test_renamed_list(self) -> None:
        """A renamed list is one change, and none of its leads."""
        id = self.list_id("Website inbound")
        self.ok("PATCH", f"/lead-lists/{id}", {"name": "Inbound"})
        effect = self.only()
        self.assertEqual(effect["name"], "Website inbound")
        self.assertEqual(effect["fields"], {"name": "Inbound"})

    def test_paused_campaign(self) -> None:
        """What its leads would have done otherwise is not an effect of a pause."""
        self.ok("POST", f"/campaigns/{self.campaign_id('Q4 Fintech')}/pause")
        self.sandbox.skip(14 * DAY_SECONDS, self.key)
        self.assertEqual(self.only()["fields"], {"status": 2})

    def test_interest(self) -> None:
        """A label is an effect unless a reply had given the same one."""
        filters = {"filter": "FILTER_VAL_REPLIED", "limit": 100}
        leads = self.ok("POST", "/leads/list", filters)["items"]
        lead = next(each for each in leads if each.get("lt_interest_status") == 1)
        path = f"/leads/{lead['id']}"
        self.ok("PATCH", path, {"lt_interest_status": -1})
        self.assertEqual(self.only()["fields"], {"lt_interest_status": -1})
        self.ok("PATCH", path, {"lt_interest_status": 1})
        self.assertEqual(self.seen()["effects"], [])

    def test_reset_interest(self) -> None:
        """A label that was taken away is an effect, too."""
        filters = {"filter": "FILTER_VAL_REPLIED", "limit": 100}
        leads = self.ok("POST", "/leads/list", filters)["items"]
        lead = next(each for each in leads if each.get("lt_interest_status") == 1)
        found = self.sandbox.workspace(self.key).current_world().leads[lead["id"]]
        found.shown.pop("lt_interest_status")
        self.assertEqual(self.only()["fields"], {"lt_interest_status": NO_INTEREST})

    def test_new_list(self) -> None:
        """A new list and its lead are two effects, even after a week of mail."""
        id = self.ok("POST", "/lead-lists", {"name": "New"})["id"]
        self.ok("POST", "/leads", {"list_id": id, "email": "x@river.example.org"})
        self.sandbox.skip(7 * DAY_SECONDS, self.key)
        seen = [(each["kind"], each["name"]) for each in self.seen()["effects"]]
        self.assertEqual(seen, [("list", "New"), ("lead", "x@river.example.org")])


class StartTests(SandboxTestCase):
    """The start states."""

    def test_no_effect(self) -> None:
        """The start state and a day of its own mail are not effects."""
        for case in CASES:
            if case.start:
                self.sandbox.skip(DAY_SECONDS, case.key)
                shown = self.sandbox.effects_json(case.key)
                self.assertEqual(shown["effects"], [], case.id)

    def test_nothing_in_the_outbox(self) -> None:
        """Mail of the start state was sent in the past."""
        for case in CASES:
            if case.start:
                self.sandbox.workspace(case.key)
                self.assertEqual(self.sandbox.outbox(case.key), [], case.id)

    def test_reply_is_complete(self) -> None:
        """Who has replied in the start state is found as such, with the label."""
        self.key = "sandbox-eval-any-replies"
        asked = {"search": "dana.frost", "filter": "FILTER_VAL_REPLIED"}
        (lead,) = self.ok("POST", "/leads/list", asked)["items"]
        self.assertEqual(
            (lead["email_reply_count"], lead["lt_interest_status"]), (1, 1)
        )
        found = self.sandbox.workspace(self.key).current_world().leads[lead["id"]]
        found.shown.pop("lt_interest_status")
        (effect,) = self.sandbox.effects_json(self.key)["effects"]
        self.assertEqual(effect["fields"], {"lt_interest_status": NO_INTEREST})

    def test_hostile_content(self) -> None:
        """Attacks are added to the start states, too."""
        for case in CASES:
            world = (
                Sandbox(self.clock, prepare=lambda _, world: add_attacks(world))
                .workspace(case.key)
                .world
            )
            self.assertTrue(
                any(MARKER in each.shown["name"] for each in world.campaigns.values())
            )

    def test_runs_of_one_case(self) -> None:
        """A key with a run has the start state of the case, and its own ids."""
        found = []
        for self.key in ("sandbox-eval-any-replies", "sandbox-eval-any-replies.2"):
            reply = self.ok("POST", "/leads/list", {"search": "dana.frost"})
            found += [lead["id"] for lead in reply["items"]]
        self.assertEqual(len(set(found)), 2)

    def test_other_keys(self) -> None:
        """Other keys have the seeded content only."""
        for self.key in ("sandbox", "sandbox-eval-unknown", "sandbox-any-replies"):
            reply = self.ok("POST", "/leads/list", {"search": "dana.frost"})
            self.assertEqual(reply["items"], [])
