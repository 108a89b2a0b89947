"""The base class of tests of page sizes: a workspace with the longest real data."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import loads
from instantly_mcp.sandbox.workspaces import Workspace
from tests.features.era_cases import KEY, EraTestCase
from tests.support.messages import MODERN_VERSION

MOST_DEFAULT_TOKENS = 6_000
NAME = "Operations leaders at logistics companies in the DACH region, wave"
LONG = "Ilmatieteen laitoksen tutkimusjohtaja ja varapääjohtaja " * 3
FEWEST_ITEMS = 5
"""A page with fewer items would take too many calls to read a list."""

STATUS = "Please log in again: the mailbox refused the password " * 5


class PageSizeCase(EraTestCase):
    """Gives a test a workspace with the longest data that a real one has."""

    def setUp(self) -> None:
        """Fill a workspace: 40 objects of each kind, with long texts everywhere."""
        super().setUp()
        self.list_id = self.call("create_lead_list", name="all")["id"]
        senders = [self.account(number) for number in range(40)]
        for number in range(40):
            self.call("create_lead_list", name=f"{NAME} {number}")
            self.call(
                "create_campaign",
                name=f"{NAME} {number}",
                subject=LONG[:100],
                body=LONG,
                email_list=senders,
            )
        leads = [self.lead(number) for number in range(120)]
        added = self.call(
            "add_leads_to_campaign_or_list_bulk", list_id=self.list_id, leads=leads
        )
        self.assertEqual(added["leads_uploaded"], 120)
        self.lengthen(self.sandbox.workspace(KEY))

    def call(self, tool_name: str, **arguments: Any) -> Any:
        """Return the value of a call that succeeds."""
        return self.value(MODERN_VERSION, tool_name, **arguments)

    def account(self, number: int) -> str:
        """Connect a mailbox, start its warm-up, and return its address."""
        email = f"firstname.lastname.{number}@outreach-for-long-names.example.com"
        login = {"username": email, "password": "p" * 16, "host": "mail.example.com"}
        self.call(
            "create_account",
            email=email,
            first_name="Maximiliane",
            last_name="von und zu Hohenstein",
            provider_code="imap_smtp",
            **{f"imap_{name}": value for name, value in login.items()},
            imap_port=993,
            **{f"smtp_{name}": value for name, value in login.items()},
            smtp_port=587,
            signature=LONG,
        )
        self.call("enable_warmup", email=email)
        return email

    def lead(self, number: int) -> dict[str, Any]:
        """Return a lead with all that a lead can have."""
        return {
            "email": f"firstname.lastname.{number}@subsidiary.long-company.example.com",
            "first_name": "Maximiliane",
            "last_name": "von und zu Hohenstein",
            "company_name": LONG[:90],
            "job_title": LONG[:100],
            "phone": "+49 30 1234567 890",
            "website": "https://www.subsidiary.long-company.example.com/en/about-us",
            "personalization": LONG * 4,
            "custom_variables": {f"variable_{n}": LONG for n in range(10)},
        }

    def lengthen(self, workspace: Workspace) -> None:
        """Give each account a long error, and each mail a long subject and text."""
        world = workspace.current_world()
        for account in world.accounts.values():
            account.shown["status_message"] = {"response": STATUS, "code": "EAUTH"}
        for mail in world.emails.values():
            mail["subject"] = LONG
            mail["content_preview"] = LONG * 2
            mail["body"] = {"text": LONG * 20, "html": f"<p>{LONG * 20}</p>"}

    def text(self, name: str, **arguments: Any) -> str:
        """Return the text block of a list."""
        if name == "list_leads":
            arguments["list_id"] = self.list_id
        text: str = self.result(MODERN_VERSION, name, arguments)["content"][0]["text"]
        page = loads(text.encode())["page"]
        self.assertGreaterEqual(page["returned"], FEWEST_ITEMS, name)
        return text
