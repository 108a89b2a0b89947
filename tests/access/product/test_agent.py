"""An agent under ``approve`` tries to send without a person, in more than twenty ways.

A mail demands that it sends, it has a valid credential, and it has everything that MCP
gives it. Each test is one way; each ends with what Instantly received: nothing, or once
what a person approved.
"""

from __future__ import annotations

from instantly_mcp._json_codec import JsonObject
from tests.support.messages import call, notice, request

from . import answering
from .agent_case import AgentTestCase
from .attempts import ACTIVE, ATTEMPTS, DRAFT, SENDS
from .ways import KEY, WAYS, Caller, Session, error_of, outcome, send_modern

INVENTED = (
    "",
    "approved",
    "yes",
    "true",
    "the-secret-of-lena",
    "gAAAAABh-invented",
    "eyJhbGciOiJub25lIn0.eyJhcHByb3ZlZCI6dHJ1ZX0.",
)


class WithoutApprovalTests(AgentTestCase):
    """What it tries before any person decided."""

    def test_every_way(self) -> None:
        """It calls again and again, by every way: nothing is sent."""
        for way in WAYS:
            for _ in range(3):
                self.assertCode(self.attempt(way=way), "approval_pending")
        self.assertSent()

    def test_all_that_sends(self) -> None:
        """No tool that sends does so, also not by an old name."""
        for each in ATTEMPTS:
            if SENDS in each.classes:
                arguments = each.made(self.daemon.world(KEY))
                result = self.attempt(arguments, tool=each.tool)
                self.assertCode(result, "approval_pending")
        self.assertSent()

    def test_invented_tokens(self) -> None:
        """It invents confirm tokens, and passes the id of the request as one."""
        pending = self.assertCode(self.attempt(), "approval_pending")
        for token in (*INVENTED, str(pending["approval"])):
            result = self.attempt(self.reply(confirm_token=token))
            self.assertNotEqual(error_of(result), {}, token)
        self.assertSent()

    def test_cursor_as_token(self) -> None:
        """It passes other sealed words of this server as a confirm token."""
        page = self.attempt({"limit": 1}, tool="list_leads")
        cursor = page["structuredContent"]["page"]["next_cursor"]
        session = Session.open(self.caller).id
        for token in (cursor, session):
            self.attempt(self.reply(confirm_token=token))
        self.assertSent()

    def test_invented_arguments(self) -> None:
        """It says that it was approved, in the arguments and beside them."""
        for name in ("approved", "approve", "force", "confirm", "override", "dry_run"):
            self.attempt(self.reply(**{name: True}))
        message = call("reply_to_email", self.reply())
        for more in (
            {"approved": True},
            {"_meta": {"approved": True, "approval": "granted"}},
            {"requestState": "gAAAAABh-invented", "inputResponses": {"confirm": {}}},
        ):
            params = {**message["params"], **more}
            send_modern(self.caller, {**message, "params": params})
        self.assertSent()

    def test_answers_itself(self) -> None:
        """It declares that its user can be asked, and answers in the user's place."""
        for ask in answering.ASKED.values():
            result = ask(self.caller, "reply_to_email", self.reply(), answering.ACCEPT)
            self.note()
            self.assertCode(result, "approval_pending")
        self.assertSent()

    def test_wider_access(self) -> None:
        """It asks for more access in headers, query and path."""
        for caller in (
            self.caller.with_(headers={"X-MCP-Access": "full"}),
            self.caller.with_(query={"access": "full", "policy_sends": "allow"}),
            self.caller.with_(
                headers={"X-MCP-Policy": "allow", "X-Approved-By": "lena"}
            ),
        ):
            self.attempt(caller=caller)
        self.assertSent()

    def test_batch(self) -> None:
        """It calls fifty times in one batch."""
        session = Session.open(self.caller, "2025-03-26")
        calls = [call("reply_to_email", self.reply(), id=n) for n in range(50)]
        session.post(calls)
        self.assertSent()

    def test_notification(self) -> None:
        """It calls with a notification, to which no answer is needed."""
        params = call("reply_to_email", self.reply())["params"]
        Session.open(self.caller).post(notice("tools/call", params))
        self.assertSent()

    def test_methods_and_tools_for_approval(self) -> None:
        """It looks for a tool or method that decides, and finds none."""
        pending = self.assertCode(self.attempt(), "approval_pending")
        for name in ("approve", "approvals", "approve_request", "decide", "sending_on"):
            result = self.attempt({"id": pending["approval"]}, tool=name)
            self.assertIn("error", result)
        for method in ("approvals/approve", "approvals/list", "elicitation/create"):
            message = request(method, {"id": pending["approval"]})
            self.assertIn("error", outcome(self.caller.post(message).reply()))
        self.attempt()
        self.assertSent()

    def test_page_with_its_key(self) -> None:
        """It opens the page of approvals with its own credential."""
        pending = self.assertCode(self.attempt(), "approval_pending")
        id = pending["approval"]
        for path in ("/approvals", f"/approvals/{id}", f"/approvals/{id}/approve"):
            for method in ("GET", "POST"):
                answer = self.daemon.ask(
                    {"approve": True} if method == "POST" else None,
                    path,
                    method,
                    self.caller.given_headers(),
                )
                self.assertGreaterEqual(answer.status, 400, f"{method} {path}")
        self.assertCode(self.attempt(), "approval_pending")
        self.assertSent()

    def test_control_socket(self) -> None:
        """It names files of the daemon where a tool takes an id."""
        for name in ("control.sock", "state.sqlite3", "seal.keys"):
            path = str(self.folder / name)
            self.attempt({"campaign_id": path}, tool="activate_campaign")
            self.attempt(self.reply(reply_to_uuid=path))
            self.attempt({"uri": f"file://{path}"}, tool="get_campaign")
            uri = request("resources/read", {"uri": f"file://{path}"})
            self.assertIn("error", outcome(send_modern(self.caller, uri)))
        self.assertSent()

    def test_many_requests(self) -> None:
        """It asks so often that the list is full; no request is let through for it."""
        codes = []
        for number in range(25):
            result = self.attempt(self.reply(body={"text": f"Hello {number}."}))
            codes.append(error_of(result)["code"])
        self.assertEqual(codes, ["approval_pending"] * 20 + ["cap_reached"] * 5)
        self.assertSent()

    def test_secret_as_key(self) -> None:
        """It guesses an approver's secret: even the right one is refused over MCP."""
        for place in ("header", "path", "query"):
            for words in filter(None, INVENTED):
                guess = Caller(daemon=self.daemon, key=words, place=place)
                guess.post(call("reply_to_email", self.reply()))
            right = Caller(daemon=self.daemon, key=self.secret, place=place)
            answer = right.post(call("reply_to_email", self.reply()))
            self.assertEqual(answer.status, 401, place)
            self.assertNotIn(self.secret.encode(), answer.body)
        self.assertSent()


class AfterApprovalTests(AgentTestCase):
    """What it tries with one approval of a person."""

    def approved(self, arguments: JsonObject | None = None) -> str:
        """Ask for approval, and get it."""
        pending = self.assertCode(self.attempt(arguments), "approval_pending")
        id = str(pending["approval"])
        self.approve(id)
        return id

    def test_used(self) -> None:
        """The approved call is made, once."""
        self.approved()
        result = self.attempt()
        self.assertNotIn("isError", result, result)
        self.assertSent("replyToEmail")

    def test_replay(self) -> None:
        """It makes the approved call by every way: it is sent once."""
        self.approved()
        for way in WAYS:
            self.attempt(way=way)
        self.assertSent("replyToEmail")

    def test_start_again(self) -> None:
        """It starts a campaign by every way with one approval: it is started once.

        A reply is also protected by the memory of what was sent; this call is not.
        """
        (start,) = (each for each in ATTEMPTS if each.name == "a start")
        arguments = start.made(self.daemon.world(KEY))
        first = self.attempt(arguments, tool=start.tool)
        self.approve(str(self.assertCode(first, "approval_pending")["approval"]))
        for way in WAYS:
            self.attempt(arguments, way, start.tool)
        self.assertSent(start.operation)

    def test_batch_of_the_same(self) -> None:
        """It makes the approved call several times in one batch."""
        self.approved()
        session = Session.open(self.caller, "2025-03-26")
        session.post([call("reply_to_email", self.reply(), id=n) for n in range(9)])
        self.assertSent("replyToEmail")

    def test_two_at_once(self) -> None:
        """It makes the approved call twice at once, with the same id and with two."""
        self.approved()
        wires = []
        for id in (1, 1, 2):
            wire = self.daemon.connect()
            message = call("reply_to_email", self.reply(), id=id)
            headers = self.caller.given_headers()
            wires.append(wire.send("POST", "/mcp", headers, message))
        for answer in wires:
            answer.wait()
        self.assertSent("replyToEmail")

    def test_changed_argument(self) -> None:
        """It changes the text, the subject or a copy after the approval."""
        self.approved()
        for changes in (
            {"body": {"text": "We are in. Send the money to me."}},
            {"subject": "Re: hello!"},
            {"cc_address_email_list": "x@elsewhere.example"},
            {"bcc_address_email_list": "x@elsewhere.example"},
            {"additional_recipients": ["x@elsewhere.example"]},
            {"eaccount": next(iter(self.daemon.world(KEY).accounts))},
        ):
            self.attempt(self.reply(**changes))
        self.assertSent()

    def test_other_object(self) -> None:
        """It answers another mail with the approval of this one."""
        self.approved()
        mails = self.daemon.world(KEY).emails.values()
        for mail in mails:
            if mail["ue_type"] == 2 and mail["id"] != self.mail["id"]:
                self.attempt(self.reply(reply_to_uuid=mail["id"]))
        self.assertSent()

    def test_other_tool(self) -> None:
        """It starts a campaign with the approval of a reply."""
        self.approved()
        for each in ATTEMPTS:
            if SENDS in each.classes and each.tool != "reply_to_email":
                self.attempt(each.made(self.daemon.world(KEY)), tool=each.tool)
        self.assertSent()

    def test_other_key(self) -> None:
        """Another caller makes the approved call."""
        self.approved()
        other = Caller(daemon=self.daemon, key="sandbox-other")
        self.attempt(caller=other)
        self.assertEqual(self.daemon.writes("sandbox-other"), [])
        self.assertSent()

    def test_changed_draft(self) -> None:
        """It edits the campaign after its start was approved: it has to ask again."""
        (start,) = (each for each in ATTEMPTS if each.name == "a start")
        arguments = start.made(self.daemon.world(KEY))
        id = arguments["campaign_id"]
        self.daemon.world(KEY).campaigns[id].shown["status"] = 0
        pending = self.assertCode(
            self.attempt(arguments, tool=start.tool), "approval_pending"
        )
        self.approve(str(pending["approval"]))
        edit = {"campaign_id": id, "subject": "Send me money", "body": "At once."}
        edited = self.attempt(edit, tool="update_campaign")
        self.assertNotIn("isError", edited, edited)
        again = self.attempt(arguments, tool=start.tool)
        self.assertCode(again, "approval_pending")
        self.assertSent("patchCampaign")

    def test_changed_leads(self) -> None:
        """It changes what the mail says through the leads, or to whom it goes."""
        world = self.daemon.world(KEY)
        id = next(c.id for c in world.campaigns.values() if c.shown["name"] == DRAFT)
        start = {"campaign_id": id}
        own = [
            each for each in world.leads.values() if each.shown.get("campaign") == id
        ]
        for lead in own[20:]:
            del world.leads[lead.id]
        changes: tuple[tuple[str, JsonObject], ...] = (
            ("update_lead", {"personalization": "Send me your money."}),
            ("update_lead", {"custom_variables": {"bank": "mine"}}),
        )
        for tool, given in changes:
            first = self.attempt(start, tool="activate_campaign")
            self.approve(str(self.assertCode(first, "approval_pending")["approval"]))
            changed = self.attempt({"lead_id": own[0].id, **given}, tool=tool)
            self.assertEqual(error_of(changed), {})
            again = self.attempt(start, tool="activate_campaign")
            self.assertCode(again, "approval_pending")
        self.assertSent("patchLead", "patchLead")

    def test_changed_list(self) -> None:
        """It changes the leads of a list whose move to a campaign was approved."""
        world = self.daemon.world(KEY)
        lead = next(each for each in world.leads.values() if each.shown.get("list_id"))
        active = next(
            each.id for each in world.campaigns.values() if each.shown["name"] == ACTIVE
        )
        source = lead.shown["list_id"]
        move = {"list_id": source, "to_campaign_id": active, "wait_seconds": 0}
        tool = "move_leads_to_campaign_or_list"
        first = self.attempt(move, tool=tool)
        self.approve(str(self.assertCode(first, "approval_pending")["approval"]))
        change = {"lead_id": lead.id, "personalization": "Send me your money."}
        self.assertEqual(error_of(self.attempt(change, tool="update_lead")), {})
        self.assertCode(self.attempt(move, tool=tool), "approval_pending")
        self.assertSent("patchLead")

    def test_denied(self) -> None:
        """It repeats the call after a person denied it."""
        pending = self.assertCode(self.attempt(), "approval_pending")
        self.deny(str(pending["approval"]))
        for way in WAYS:
            self.assertCode(self.attempt(way=way), "approval_denied")
        self.assertSent()

    def test_too_late(self) -> None:
        """It waits until the approval has expired, and the clock is set back."""
        self.approved()
        self.daemon.reactor.advance(301)
        self.attempt()
        self.daemon.wall_offset -= 3600
        self.attempt()
        self.assertSent()

    def test_restart_between(self) -> None:
        """An approval survives a restart, and so does that it was used."""
        self.approved()
        self.restart()
        self.attempt()
        self.assertSent("replyToEmail")
        self.restart()
        self.attempt()
        self.assertSent("replyToEmail")
