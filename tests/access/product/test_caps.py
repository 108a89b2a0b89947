"""The caps hold for whole calls: what the simulated Instantly receives is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject, loads

from .attempts import ATTEMPTS, Attempt
from .memory_daemon import MemoryDaemon
from .oracle import everything, settings_of
from .ways import KEY, Caller, error_of, modern_call

REPLY = next(each for each in ATTEMPTS if each.operation == "replyToEmail")
MOVE = next(each for each in ATTEMPTS if each.operation == "moveLeads")
CREATE = next(each for each in ATTEMPTS if each.operation == "createLead")


class CapsOfCallsTests(SynchronousTestCase):
    """A daemon with limits, on a policy that allows everything."""

    def start(self, **settings: str) -> None:
        """Start a daemon."""
        given: Any = {**settings_of(everything("allow")), **settings}
        self.daemon = MemoryDaemon(**given)
        self.caller = Caller(daemon=self.daemon)

    def made(self, attempt: Attempt) -> JsonObject:
        """Return arguments that no earlier call had."""
        return attempt.made(self.daemon.world(KEY))

    def call(self, attempt: Attempt, arguments: JsonObject | None = None) -> JsonObject:
        """Make a call; return the error object, which is empty if it succeeded."""
        given = self.made(attempt) if arguments is None else arguments
        return error_of(modern_call(self.caller, attempt.tool, given))

    def test_daily_cap(self) -> None:
        """Calls up to the cap are sent, the next one is refused and not sent."""
        self.start(caps_mails="2")
        for _ in range(2):
            self.assertEqual(self.call(REPLY), {})
        error = self.call(REPLY)
        self.assertEqual(error["code"], "cap_reached")
        self.assertEqual((error["cap"], error["limit"]), ("mails", 2))
        self.assertEqual(self.daemon.writes(KEY), ["replyToEmail"] * 2)

    def test_recorded(self) -> None:
        """The audit has a line about the refusal, and no intent."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir(mode=0o700, parents=True)
        self.start(caps_mails="0", state_dir=str(folder))
        self.assertEqual(self.call(REPLY)["code"], "cap_reached")
        lines = (folder / "audit.jsonl").read_bytes().splitlines()
        (refused,) = (line for line in map(loads, lines) if "tool" in line)
        self.assertEqual((refused["kind"], refused["code"]), ("refused", "cap_reached"))

    def test_cap_of_another(self) -> None:
        """A cap that is used up leaves the others alone."""
        self.start(caps_mails="0")
        self.assertEqual(self.call(REPLY)["code"], "cap_reached")
        self.assertEqual(self.call(CREATE), {})

    def test_room_comes_back(self) -> None:
        """After a day there is room, and setting the clock back does not take it."""
        self.start(caps_mails="1")
        self.call(REPLY)
        self.daemon.wall_offset += 86_400
        self.assertEqual(self.call(REPLY), {})
        self.daemon.wall_offset -= 86_400
        self.assertEqual(self.call(REPLY)["code"], "cap_reached")

    def test_selected_leads(self) -> None:
        """A move counts the leads that it selects, also if it does not name them."""
        self.start(caps_leads="150")
        ids = self.made(MOVE)
        whole = {name: each for name, each in ids.items() if name != "ids"}
        world = self.daemon.world(KEY)
        leads = [
            each
            for each in world.leads.values()
            if each.shown.get("campaign") == ids["campaign"]
        ]
        self.assertGreater(len(leads), 100)
        self.assertEqual(self.call(MOVE, whole), {})
        error = self.call(MOVE, {**whole, "copy_leads": False})
        self.assertEqual((error["cap"], error["used"]), ("leads", len(leads)))
        self.assertEqual(error["asked"], len(leads))
        self.assertEqual(self.call(MOVE, {**whole, "limit": 151})["cap"], "leads")
        self.assertEqual(self.daemon.writes(KEY), ["moveLeads"])
        self.assertEqual(self.call(MOVE, ids), {})

    def test_enriching_list(self) -> None:
        """Leads of a list that enriches them count as credits, too."""
        self.start(caps_credits="1")
        first, *others = (
            each for each in ATTEMPTS if "list that enriches i" in each.name
        )
        self.assertEqual(self.call(first), {})
        for each in others:
            self.assertEqual(self.call(each)["cap"], "credits", each.name)
            whole = {n: v for n, v in self.made(each).items() if n != "ids"}
            self.assertEqual(self.call(each, whole)["cap"], "credits", each.name)
        self.assertEqual(self.daemon.writes(KEY), [first.operation])

    def test_selection_without_limit(self) -> None:
        """A search that finds too many leads to be counted needs a limit."""
        self.start(caps_leads="150")
        given = self.made(MOVE)
        whole = {name: given[name] for name in ("to_campaign_id", "copy_leads")}
        error = self.call(MOVE, {**whole, "search": "example"})
        self.assertEqual((error["code"], error["limit"]), ("cap_reached", 150))
        self.assertIn("limit", error["hint"])
        self.assertEqual(self.daemon.writes(KEY), [])
        limited = {**whole, "search": "example", "limit": 149, "wait_seconds": 40}
        self.assertEqual(self.call(MOVE, limited), {})

    def test_recipients(self) -> None:
        """A mail to more recipients than the cap is refused."""
        self.start(caps_recipients="1")
        arguments = {**self.made(REPLY), "cc": ["a@example.com"]}
        self.assertEqual(self.call(REPLY, arguments)["code"], "cap_reached")
        self.assertEqual(self.daemon.writes(KEY), [])

    def test_refused_before_it_is_sent(self) -> None:
        """What Instantly never saw uses up nothing."""
        self.start(caps_mails="1")
        arguments = {**self.made(REPLY), "reply_to_uuid": "no-such-mail"}
        self.assertNotEqual(self.call(REPLY, arguments), {})
        self.assertEqual(self.call(REPLY), {})

    def test_before_a_person_is_asked(self) -> None:
        """No person is asked to agree to what a cap refuses."""
        self.start(caps_mails="0", policy_sends="confirm")
        self.assertEqual(self.call(REPLY)["code"], "cap_reached")
        self.start(policy_sends="confirm")
        self.assertEqual(self.call(REPLY)["code"], "confirmation_required")
