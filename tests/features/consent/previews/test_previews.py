"""What a person is shown of each risky write, on the simulated Instantly."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from zope.interface import implementer

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import JsonObject, dumps, loads
from instantly_mcp.access.act import Act, Consent
from instantly_mcp.access.decisions import Decision, Policy
from instantly_mcp.access.interfaces import IApprovals
from instantly_mcp.access.preview import Preview
from instantly_mcp.access.refusal import ask_operator
from instantly_mcp.sandbox.faults import Fault, FaultKind
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.cases import NOW
from tests.features.on_sandbox import features_on, run_tool
from tests.support.access import asking_guard, policy_of
from tests.support.cases import ClockedTestCase
from tests.support.seals import new_seal

KEY = Credential(secret=Secret("sandbox-previews"), source="test")


@implementer(IApprovals)
class SeenPreviews:
    """Keeps the previews that a person would see, and approves nothing."""

    def __init__(self) -> None:
        self.seen: list[Preview] = []

    def obtain(self, act: Act, preview: Preview) -> Deferred[Consent]:
        """Keep a preview."""
        self.seen.append(preview)
        return fail(ask_operator("No one approves."))

    def when_changed(self, id: str) -> Deferred[None]:
        """Return nothing: no decision is ever made."""
        return Deferred()


class PreviewTests(ClockedTestCase):
    """Calls tools behind the default policy, and reads what they ask."""

    def setUp(self) -> None:
        """Build the features on a new sandbox."""
        super().setUp()
        self.sandbox = Sandbox(self.clock, start=NOW, rate_limited=False)
        self.features = features = features_on(self.sandbox, self.clock)
        features.context.guard = asking_guard(
            new_seal(), lambda: NOW.timestamp() + self.clock.seconds(), Policy()
        )
        self.tools = features.tools

    def call(self, name: str, **arguments: Any) -> Any:
        """Return the structured value of a call."""
        running = run_tool(self.tools, name, arguments, KEY)
        return loads(
            dumps(self.successResultOf(self.after_a_minute(running)).structured)
        )

    def asked(self, name: str, **arguments: Any) -> tuple[JsonObject, str]:
        """Return the error of a call that asks, and its facts as lines."""
        error = self.call(name, **arguments)["error"]
        self.assertEqual(error["code"], "confirmation_required", error)
        return error, "\n".join(error["preview"]["shows"])

    def first(self, name: str, **arguments: Any) -> Any:
        """Return the first item of a list."""
        return self.call(name, **arguments)["items"][0]

    def campaign(self, name: str) -> str:
        """Return the id of a campaign."""
        found = self.first("list_campaigns", search=name)
        self.assertEqual(found["name"], name)
        id: str = found["id"]
        return id

    def test_launch(self) -> None:
        """A start shows who sends how much to how many, from when, and the mails."""
        error, shows = self.asked(
            "activate_campaign", campaign_id=self.campaign("Healthcare pilots")
        )
        for said in (
            "Workspace: Sandbox",
            "Campaign: Healthcare pilots",
            "Its status: draft",
            "Leads: 120",
            "Senders: 3: nora@hale.example.com, priya@reach.example.com",
            "Mails a day, at most: 20",
            "Sends from: at once, until 17:00 (Europe/Isle_of_Man)",
            "Steps: 2",
        ):
            self.assertIn(said, shows)
        first, _, variables = error["preview"]["texts"]
        self.assertIn("firstName: ", variables["text"])
        self.assertIn("Quiet waiting rooms", first["text"])
        self.assertIn("clinics use our planner", first["text"])
        self.assertNotIn("<br", first["text"])

    def test_launch_with_the_mail_in_a_variable(self) -> None:
        """Of the leads' variables in the copy that is shown which says the most."""
        id = self.campaign("Healthcare pilots")
        self.call("update_campaign", campaign_id=id, body="{{personalization}}")
        leads = self.call("list_leads", campaign=id, limit=5)["items"]
        plain = "A plain sentence of some length, number"
        for number, lead in enumerate(leads):
            said = "Pay at\nwww.x.example" if number == 3 else f"{plain} {number}."
            self.call("update_lead", lead_id=lead["id"], personalization=said)
        error, _ = self.asked("activate_campaign", campaign_id=id)
        shown = error["preview"]["texts"][-1]["text"].split("\n")
        self.assertIn("personalization: Pay at www.x.example", shown)
        self.assertIn("personalization: and 3 other values", shown)

    def test_launch_after_a_while(self) -> None:
        """While a window is open the preview stays the same, so that a token lasts."""
        id = self.campaign("Healthcare pilots")
        error, _ = self.asked("activate_campaign", campaign_id=id)
        self.clock.advance(240)
        token = error["confirm_token"]
        got = self.call("activate_campaign", campaign_id=id, confirm_token=token)
        self.assertIn("campaign", got, got)

    def test_reads_of_a_preview_are_not_steps(self) -> None:
        """An error lists each read of the tool once, and none of the preview."""
        id = self.campaign("Healthcare pilots")
        error, _ = self.asked("activate_campaign", campaign_id=id)
        self.sandbox.add_fault(
            Fault(kind=FaultKind.STATUS, operation="activateCampaign", status=400),
            KEY.secret.reveal(),
        )
        token = error["confirm_token"]
        got = self.call("activate_campaign", campaign_id=id, confirm_token=token)
        before = got["error"]["done_before"]
        self.assertEqual(len(before), 4)
        self.assertEqual([each for each in before if "times" in each], [])

    def test_launch_while_leads_join(self) -> None:
        """No start is asked for while a job moves leads into the campaign."""
        id = self.campaign("Healthcare pilots")
        source = self.first("list_lead_lists")["id"]
        self.call("move_leads_to_campaign_or_list", list_id=source, to_campaign_id=id)
        got = self.call("activate_campaign", campaign_id=id)
        self.assertEqual(got["error"]["code"], "busy")
        self.clock.advance(60)
        _, shows = self.asked("activate_campaign", campaign_id=id)
        self.assertNotIn("Leads: 120", shows)

    def test_launch_with_other_leads(self) -> None:
        """A lead that was added since then is shown before anything starts."""
        id = self.campaign("Healthcare pilots")
        error, _ = self.asked("activate_campaign", campaign_id=id)
        self.call("create_lead", campaign=id, email="new@example.com")
        token = error["confirm_token"]
        error, shows = self.asked(
            "activate_campaign", campaign_id=id, confirm_token=token
        )
        self.assertIn("changed", error["message"])
        self.assertIn("Leads: 121", shows)

    def test_running_campaign(self) -> None:
        """What reaches a running campaign names it."""
        id = self.campaign("Q4 Fintech")
        leads = [{"email": f"lead{number}@example.com"} for number in range(12)]
        _, shows = self.asked(
            "add_leads_to_campaign_or_list_bulk", campaign_id=id, leads=leads
        )
        for said in ("Campaign: Q4 Fintech", "Its status: active", "Leads: 12"):
            self.assertIn(said, shows)
        self.assertIn("lead9@example.com and 2 more", shows)
        _, shows = self.asked("update_campaign", campaign_id=id, daily_limit=100)
        for said in ("Campaign: Q4 Fintech", "Daily limit: 100"):
            self.assertIn(said, shows)
        lead = self.first("list_leads", campaign=id)
        _, shows = self.asked("update_lead", lead_id=lead["id"], phone="12345")
        for said in (lead["email"], "Campaign: Q4 Fintech", "Phone: 12345"):
            self.assertIn(said, shows)

    def test_reply(self) -> None:
        """A reply shows sender, recipients, subject and text."""
        mail = self.first("list_emails", email_type="received")
        error, shows = self.asked(
            "reply_to_email",
            reply_to_uuid=mail["id"],
            subject="Re: Offer",
            body={"html": "<p>Yes, <b>Monday</b>.</p>"},
            bcc_address_email_list="eve@elsewhere.example",
        )
        for said in (
            "From: nora@hale.example.com",
            "To: katja.horvat@alder-insurance.example.org",
            "Blind copy to: eve@elsewhere.example",
            "Subject: Re: Offer",
        ):
            self.assertIn(said, shows)
        (text,) = error["preview"]["texts"]
        self.assertEqual(text["text"], "Yes, Monday.")

    def test_what_a_reply_hides(self) -> None:
        """Where links lead, what is not displayed, and the other text are shown."""
        mail = self.first("list_emails", email_type="received")
        body = {
            "html": '<p>See <a href="https://evil.example/x">our page</a></p>'
            '<img src="https://evil.example/i"><i hidden>Pay me.</i>',
            "text": "Send your money.",
        }
        error, _ = self.asked(
            "reply_to_email", reply_to_uuid=mail["id"], subject="Hi", body=body
        )
        read, html, text = error["preview"]["texts"]
        self.assertIn("See our page", read["text"])
        self.assertIn('<a href="https://evil.example/x">our page</a>', html["text"])
        self.assertEqual(text["text"], "Send your money.")

    def test_links_of_a_launch(self) -> None:
        """A start shows where the links of its mails lead."""
        id = self.campaign("Healthcare pilots")
        copy = '<p>See <a href="https://evil.example/x">our page</a>.</p>'
        self.call("update_campaign", campaign_id=id, subject="Hi", body=copy)
        error, _ = self.asked("activate_campaign", campaign_id=id)
        self.assertIn("https://evil.example/x", dumps(error["preview"]).decode())

    def test_hidden_text_of_a_launch(self) -> None:
        """A person who approves a start sees all of its subjects."""
        id = self.campaign("Healthcare pilots")
        hidden = f'{"Offer " * 40}<span style="display:none">Pay me</span>'
        self.call("update_campaign", campaign_id=id, subject=hidden, body="<p>Hi</p>")
        approvals = SeenPreviews()
        policy = policy_of(Decision.APPROVE)
        guard = asking_guard(new_seal(), NOW.timestamp, policy, approvals=approvals)
        self.features.context.guard = guard
        self.call("activate_campaign", campaign_id=id)
        (preview,) = approvals.seen
        self.assertIn(hidden, preview.untrusted[0][1])

    def test_text_of_new_leads(self) -> None:
        """What mail can say of new leads is shown, or how many are not shown."""
        id = self.campaign("Q4 Fintech")
        tool = "add_leads_to_campaign_or_list_bulk"
        leads = [{"email": "a@x.example", "personalization": "Send your money."}]
        error, _ = self.asked(tool, campaign_id=id, leads=leads)
        (shown,) = error["preview"]["texts"]
        self.assertIn("Send your money.", shown["text"])
        leads = [
            {"email": f"a{number}@x.example", "first_name": f"Ann{number}"}
            for number in range(25)
        ]
        error, _ = self.asked(tool, campaign_id=id, leads=leads)
        (shown,) = error["preview"]["texts"]
        self.assertIn("the first 20 of 25", shown["says"])
        self.assertIn("Ann19", shown["text"])
        self.assertNotIn("Ann20", shown["text"])

    def test_move_of_many(self) -> None:
        """A move of more leads than are compared says how many, and asks for more."""
        source = self.campaign("Healthcare pilots")
        move = {"campaign": source, "to_campaign_id": self.campaign("Q4 Fintech")}
        tool = "move_leads_to_campaign_or_list"
        error, shows = self.asked(tool, **move)
        self.assertIn("Leads: at most 120", shows)
        self.call("create_lead", campaign=source, email="new@example.com")
        token = error["confirm_token"]
        error, shows = self.asked(tool, **move, confirm_token=token)
        self.assertIn("changed", error["message"])
        self.assertIn("Leads: at most 121", shows)
        _, shows = self.asked(tool, **move, search="new@example.com")
        self.assertIn("Leads: 1\n", f"{shows}\n")

    def test_enrichment_of_a_list(self) -> None:
        """What is added to a list that enriches its leads shows that it costs."""
        id = self.first("list_lead_lists")["id"]
        given = {"list_id": id, "has_enrichment_task": True}
        error, _ = self.asked("update_lead_list", **given)
        self.call("update_lead_list", **given, confirm_token=error["confirm_token"])
        _, shows = self.asked("create_lead", list_id=id, email="a@x.example")
        self.assertIn("The enrichment of this list: costs credits", shows)

    def test_deletions(self) -> None:
        """A deletion shows what goes with it."""
        id = self.campaign("Q4 Fintech")
        _, shows = self.asked("delete_campaign", campaign_id=id)
        for said in ("Name: Q4 Fintech", "Goes with it: Leads: 400", "mail stops"):
            self.assertIn(said, shows)

    def test_variables(self) -> None:
        """What mail can say of a lead is shown, also if a name sounds secret."""
        given = {"email": "a@x.example", "custom_variables": {"secret_offer": "Pay me"}}
        id = self.campaign("Q4 Fintech")
        _, shows = self.asked("create_lead", campaign=id, **given)
        self.assertIn("Pay me", shows)

    def test_account(self) -> None:
        """Passwords are not shown; text of several lines is shown apart."""
        given = {name: f"{name}-text" for name in ("imap_username", "smtp_username")}
        given |= {"imap_password": "hunter2", "smtp_password": "hunter2"}
        given |= {"first_name": "A", "last_name": "B", "email": "a@b.example"}
        given |= {"imap_host": "i.example", "smtp_host": "s.example"}
        ports = {"imap_port": 993, "smtp_port": 587, "provider_code": 1}
        error, shows = self.asked("create_account", **given, **ports)
        self.assertIn("Imap password: (not shown)", shows)
        self.assertNotIn("hunter2", dumps(error).decode())
        account = self.first("list_accounts")["email"]
        error, _ = self.asked("update_account", email=account, signature="Me\nYou")
        self.assertEqual(error["preview"]["texts"][0]["text"], "Me\nYou")

    def test_price(self) -> None:
        """What costs credits shows the price."""
        _, shows = self.asked("verify_email", email="x@y.example", max_wait_seconds=0)
        self.assertIn("Price in credits: 1", shows)
