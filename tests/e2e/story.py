"""A user's work, the same for every client: from the first list to a sent reply.

It has several steps, so that a test can restart the server between any two of them.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from typing import Any
from uuid import uuid4

from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults

from instantly_mcp._json_codec import Json, JsonObject, loads
from instantly_mcp.protocol.arguments.fences import without_fences
from instantly_mcp.protocol.wire.errors import INVALID_PARAMS
from tests.support.tool_counts import DEFAULT_TOOLS

from .cases import Daemon, DaemonTestCase
from .wires import Refused, Wire

PAGE = 2
LEADS = ("ada@example.org", "grace@example.org", "alan@example.org")
COPY = {
    "subject": "Hello {{firstName}}",
    "body": "One question.\n\nBest",
    "timezone": "Europe/Berlin",
}
ANSWER = "Gladly. How about Tuesday at ten?"


def value_of(result: JsonObject) -> Json:
    """Return a tool's result or its error object.

    In old revisions it comes from the text, without the marks of untrusted text.
    """
    if "structuredContent" in result and not result.get("isError"):
        return result["structuredContent"]
    value = without_fences(loads(result["content"][0]["text"].encode()))
    if result.get("isError") and "structuredContent" in result:
        assert result["structuredContent"]["error"]["code"] == value["code"]
    return value


@define(eq=False)
class Story:
    """One client's work with one workspace.

    :param sandbox: where the outbox is shown.
    """

    case: DaemonTestCase
    wire: Wire
    sandbox: Daemon
    key: str | None
    cursor: str = field(default="", init=False)
    seen: set[str] = field(factory=set, init=False)
    campaign: str = field(default="", init=False)
    name: str = field(factory=lambda: f"Spring {uuid4()}", init=False)

    def __attrs_post_init__(self) -> None:
        """Close all connections at the end of the test."""
        self.case.addCleanup(self.wire.drop)

    async def value(self, tool: str, **arguments: Any) -> Any:
        """Return the value of a call that succeeds."""
        result = await self.wire.call(tool, arguments)
        self.case.assertFalse(result.get("isError"), f"{tool}: {result}")
        return value_of(result)

    async def failure(self, tool: str, **arguments: Any) -> Any:
        """Return the value of a call that fails."""
        result = await self.wire.call(tool, arguments)
        self.case.assertTrue(result.get("isError"), f"{tool}: {result}")
        return value_of(result)

    async def code(self, tool: str, arguments: JsonObject) -> Json:
        """Return the error code of a call, of the protocol or of the tool."""
        try:
            result = await self.wire.call(tool, arguments)
        except Refused as refused:
            return refused.code
        self.case.assertTrue(result.get("isError"), f"{tool}: {result}")
        return value_of(result)["code"]

    @property
    def any_id(self) -> str:
        """The id of one of the listed campaigns."""
        return min(self.seen)

    # -- the steps -----------------------------------------------------------------

    async def list_campaigns(self) -> None:
        """List the tools and the first page of campaigns."""
        names = [tool["name"] for tool in await self.wire.tools()]
        self.case.assertEqual(len(set(names)), DEFAULT_TOOLS)
        page = await self.value("list_campaigns", limit=PAGE)
        self.case.assertEqual(page["page"]["returned"], PAGE)
        self.case.assertTrue(page["page"]["has_more"])
        self.seen = {campaign["id"] for campaign in page["items"]}
        self.cursor = page["page"]["next_cursor"]

    async def list_second_page(self) -> None:
        """List the second page, which has no campaign of the first."""
        page = await self.value(
            "list_campaigns", limit=PAGE, starting_after=self.cursor
        )
        ids = {campaign["id"] for campaign in page["items"]}
        self.case.assertEqual(len(ids), PAGE)
        self.case.assertEqual(ids & self.seen, set())

    async def send_invalid_calls(self) -> None:
        """Call an unknown tool and send invalid arguments; the client still works."""
        argument: Json = "bad_argument"
        for tool, arguments, code in (
            ("no_such_tool", {}, INVALID_PARAMS),
            ("list_campaigns", {"color": "red"}, argument),
            ("list_campaigns", {"limit": "many"}, argument),
            ("get_campaign", {}, argument),
            ("get_campaign", {"campaign_id": ""}, argument),
            ("get_campaign", {"campaign_id": {"id": 7}}, argument),
            ("get_campaign", {"campaign_id": 7}, "not_found"),
        ):
            found = await self.code(tool, arguments)
            self.case.assertEqual(found, code, f"{tool} {arguments}")
            await self.value("count_unread_emails")

    async def launch_campaign(self) -> None:
        """Create a campaign, add leads to it and activate it."""
        copy = {**COPY, "name": self.name}
        choice = await self.value("create_campaign", **copy)
        sender = choice["eligible_accounts"][0]["email"]
        made = await self.value("create_campaign", **copy, email_list=[sender])
        self.campaign = made["campaign"]["id"]
        people = [{"email": email, "first_name": "Ann"} for email in LEADS]
        added = await self.value(
            "add_leads_to_campaign_or_list_bulk",
            campaign_id=self.campaign,
            leads=[*people, people[0]],
        )
        self.case.assertEqual(added["leads_uploaded"], len(LEADS))
        self.case.assertEqual(added["duplicates_removed"], 1)
        started = await self.value("activate_campaign", campaign_id=self.campaign)
        self.case.assertEqual(started["campaign"]["status_label"], "active")

    async def read_analytics(self) -> None:
        """Read the analytics of the new campaign and of the older ones."""
        new = await self.value("get_campaign_analytics", campaign_id=self.campaign)
        (row,) = new["rows"]
        self.case.assertEqual(row["campaign_id"], self.campaign)
        self.case.assertEqual(row["campaign_name"], self.name)
        self.case.assertEqual(row["leads_count"], len(LEADS))
        rows = (await self.value("get_campaign_analytics"))["rows"]
        self.case.assertGreater(max(each["emails_sent_count"] for each in rows), 0)

    async def reply(self) -> None:
        """Reply to a mail, and find the reply in its thread and in the outbox."""
        inbox = await self.value("list_emails", email_type="received", limit=1)
        (mail,) = inbox["items"]
        self.case.assertEqual(await self.replies_to(mail["id"]), [])
        sent = await self.value(
            "reply_to_email",
            reply_to_uuid=mail["id"],
            subject=f"Re: {mail['subject']}",
            body={"text": f"{ANSWER}\n\n{self.name}"},
            expected_recipient=mail["from"],
        )
        thread = await self.value("list_emails", search=f"thread:{mail['thread_id']}")
        self.case.assertIn(sent["id"], [each["id"] for each in thread["items"]])
        (found,) = await self.replies_to(sent["id"])
        self.case.assertEqual(found["to"], [mail["from"]])
        self.case.assertEqual(found["from"], mail["to"])
        self.case.assertEqual(found["body"]["text"], f"{ANSWER}\n\n{self.name}")

    async def replies_to(self, id: str) -> Sequence[JsonObject]:
        """Return the items in the outbox for an e-mail."""
        items = await self.case.outbox(self.sandbox.base, self.key)
        return [item for item in items if item["email_id"] == id]


async def together(steps: Iterable[Coroutine[Deferred[Any], Any, Any]]) -> None:
    """Run several steps concurrently."""
    await gatherResults(
        [Deferred.fromCoroutine(step) for step in steps], consumeErrors=True
    )
