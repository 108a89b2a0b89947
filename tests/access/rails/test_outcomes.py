"""The rail of unknown outcomes: what may have been sent is not sent again blindly."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.access.act import Act, Ending, EndingKind
from instantly_mcp.access.interfaces import IRail
from instantly_mcp.access.rails.outcomes import OutcomeRail, sends_once
from instantly_mcp.access.refusal import AccessRefusedError
from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.features.error_hints import TOOL_THAT_SHOWS
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.write_records import StoredWriteRecords
from tests.access.acts import act

from .stores import FullDisk, SlowStore, WatchedStore

NOW = 1.8e9
LEAD = {"email": "x@y.org", "campaign_id": "c1"}
MAIL = {"reply_to_uuid": "m1", "subject": "Re: hello", "body": {"text": "Yes"}}


class OutcomeTestCase(SynchronousTestCase):
    """Writes that pass the rail, and how they end."""

    def setUp(self) -> None:
        """Make the rail."""
        self.now = NOW
        self.numbers = iter(range(1000))
        self.records = StoredWriteRecords(MemoryDatabase())
        self.restart()

    def restart(self) -> None:
        """Do what a daemon does when it starts."""
        self.rail = self.make(self.records)
        self.successResultOf(self.rail.start())

    def make(self, records: Any) -> OutcomeRail:
        """Return a rail on these records."""
        return OutcomeRail(records, lambda: self.now, TOOL_THAT_SHOWS)

    def act(self, operation: str = "createLead", **changes: Any) -> Act:
        """Return an act that is not idempotent."""
        arguments = MAIL if operation == "replyToEmail" else LEAD
        given = {"id": f"a{next(self.numbers)}", "arguments": arguments, **changes}
        return act(operation, **given)

    def passes(self, one: Act) -> None:
        """Let an act pass."""
        self.assertIsNone(self.successResultOf(self.rail.before(one)))

    def refused(self, one: Act) -> AccessRefusedError:
        """Return the refusal of an act."""
        failure = self.failureResultOf(self.rail.before(one), AccessRefusedError)
        error = failure.value
        assert isinstance(error, AccessRefusedError)
        self.assertEqual(error.code, "outcome_unknown")
        return error

    def ends(self, kind: EndingKind, **changes: Any) -> None:
        """Let an act pass, and end like this."""
        one = self.act(**changes)
        self.passes(one)
        self.successResultOf(self.rail.after(one, Ending(kind=kind)))

    def look(self, tool: str, principal: str = "p1", workspace: str = "w1") -> None:
        """Let a caller read with a tool."""
        self.rail.read(principal, workspace, tool)


class UnknownTests(OutcomeTestCase):
    """A write whose answer was lost."""

    def test_is_a_rail(self) -> None:
        """It has the methods of a rail."""
        verifyObject(IRail, self.rail)

    def test_refused(self) -> None:
        """The same write is refused, with the tool that shows what happened."""
        self.ends(EndingKind.AMBIGUOUS)
        self.now += 30
        error = self.refused(self.act())
        self.assertEqual(error.facts, {"seconds_ago": 30, "look_at": "list_leads"})
        self.assertIn("list_leads", error.hint)

    def test_look(self) -> None:
        """A look refuses it as well, and records nothing."""
        for _ in range(2):
            looking = self.rail.look(self.act("replyToEmail"))
            self.assertIsNone(self.successResultOf(looking))
        self.ends(EndingKind.AMBIGUOUS)
        looking = self.rail.look(self.act())
        self.failureResultOf(looking, AccessRefusedError)
        idempotent = self.rail.look(self.act("activateCampaign"))
        self.assertIsNone(self.successResultOf(idempotent))

    def test_order_of_arguments(self) -> None:
        """The order in which arguments are given makes no difference."""
        self.ends(EndingKind.AMBIGUOUS)
        self.refused(self.act(arguments=dict(reversed(LEAD.items()))))

    def test_another_write(self) -> None:
        """Other arguments, callers and workspaces are other writes."""
        self.ends(EndingKind.AMBIGUOUS)
        for changes in (
            {"arguments": {**LEAD, "email": "z@y.org"}},
            {"principal": "p2"},
            {"workspace_key": "w2"},
        ):
            self.passes(self.act(**changes))

    def test_known_endings(self) -> None:
        """After any other ending the same write may be made again."""
        for kind in set(EndingKind) - {EndingKind.AMBIGUOUS}:
            self.ends(kind)
            self.ends(EndingKind.DONE)

    def test_restart(self) -> None:
        """It is refused after a restart, also when the process ended meanwhile."""
        self.ends(EndingKind.AMBIGUOUS)
        self.passes(self.act(arguments={"email": "being-sent@y.org"}))
        self.restart()
        self.refused(self.act())
        self.refused(self.act(arguments={"email": "being-sent@y.org"}))

    def test_a_day_later(self) -> None:
        """After a day it may be made again."""
        self.ends(EndingKind.AMBIGUOUS)
        self.now += 86_399
        self.refused(self.act())
        self.now += 1
        self.passes(self.act())

    def test_after_a_look(self) -> None:
        """It passes once after the caller has looked with the tool of the refusal."""
        self.ends(EndingKind.AMBIGUOUS)
        self.now += 60
        self.look("list_leads")
        self.ends(EndingKind.AMBIGUOUS)
        self.now += 60
        self.refused(self.act())

    def test_look_after_a_restart(self) -> None:
        """Looking counts for what was sent before a restart."""
        self.ends(EndingKind.AMBIGUOUS)
        self.restart()
        self.now += 60
        self.look("list_leads")
        self.passes(self.act())

    def test_looking_elsewhere(self) -> None:
        """Another tool, caller or workspace does not count, nor looking too early."""
        self.ends(EndingKind.AMBIGUOUS)
        self.look("list_leads")
        self.now += 60
        self.look("list_campaigns")
        self.look("list_leads", principal="p2")
        self.look("list_leads", workspace="w2")
        self.refused(self.act())

    def test_idempotent(self) -> None:
        """What has the same effect when repeated is recorded, and never refused."""
        self.ends(EndingKind.AMBIGUOUS, operation="activateCampaign")
        self.passes(self.act("activateCampaign"))
        found = self.successResultOf(self.records.unknown_since(NOW - 1))
        self.assertEqual([operation for _, operation in found], ["activateCampaign"])

    def test_at_the_same_time(self) -> None:
        """Two equal writes at the same time are two writes, unless they send mail."""
        for _ in range(2):
            self.passes(self.act())
        self.passes(self.act("replyToEmail"))
        self.refused(self.act("replyToEmail"))

    def test_store_fails(self) -> None:
        """What cannot be recorded is not sent, and the log says why."""
        self.rail = self.make(FullDisk())
        failure = self.failureResultOf(self.rail.before(self.act()))
        error = failure.value
        assert isinstance(error, AccessRefusedError)
        self.assertEqual(error.code, "not_allowed")
        self.assertIn("must look at its log", error.hint)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_looking_when_the_store_fails(self) -> None:
        """A read that cannot be noted is only logged."""
        self.ends(EndingKind.AMBIGUOUS)
        disk: Any = FullDisk()
        self.rail.records = disk
        self.look("list_leads")
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_caller_leaves(self) -> None:
        """A caller that leaves while its write is being recorded has sent nothing."""
        store = SlowStore(self.records)
        self.rail = self.make(store)
        passing = self.rail.before(self.act("replyToEmail"))
        passing.cancel()
        self.failureResultOf(passing, CancelledError)
        self.assertEqual(store.seen, ["begin", "end"])
        self.restart()
        self.passes(self.act("replyToEmail"))


class CostOfReadsTests(OutcomeTestCase):
    """What reads cost once an outcome was unknown."""

    def looks(self) -> int:
        """Return in how many of four reads, all late enough, the store was asked."""
        self.now += 60
        store: Any = WatchedStore(self.records)
        self.rail.records = store
        for tool in ("list_leads", "list_leads", "list_campaigns", "get_lead"):
            self.look(tool)
        self.rail.records = self.records
        return len(store.seen)

    def test_one_look(self) -> None:
        """After the read that shows the outcome, reads cost nothing again."""
        self.ends(EndingKind.AMBIGUOUS)
        self.assertEqual(self.looks(), 1)
        self.assertEqual(self.looks(), 0)
        self.ends(EndingKind.AMBIGUOUS)
        self.assertEqual(self.looks(), 1)

    def test_too_early(self) -> None:
        """A read that comes too early leaves the outcome to a later one."""
        self.ends(EndingKind.AMBIGUOUS)
        self.look("list_leads")
        self.assertEqual(self.looks(), 1)

    def test_restart(self) -> None:
        """After a restart only what still stands against a write is looked for."""
        self.ends(EndingKind.AMBIGUOUS)
        self.restart()
        self.assertEqual(self.looks(), 1)
        self.restart()
        self.assertEqual(self.looks(), 0)
        self.ends(EndingKind.AMBIGUOUS)
        self.now += 86_400
        self.restart()
        self.assertEqual(self.looks(), 0)

    def test_idempotent(self) -> None:
        """A write that may be repeated anyway makes no read cost anything."""
        self.ends(EndingKind.AMBIGUOUS, operation="activateCampaign")
        self.now += 60
        store: Any = WatchedStore(self.records)
        self.rail.records = store
        self.look("get_campaign")
        self.assertEqual(store.seen, [])

    def test_unknown_during_a_look(self) -> None:
        """What becomes unknown while a look is being stored is not forgotten."""
        self.ends(EndingKind.AMBIGUOUS)
        self.now += 60
        store: Any = SlowStore(self.records)
        self.rail.records = store
        self.look("list_leads")
        self.ends(EndingKind.AMBIGUOUS)
        store.waiting.callback(0)
        self.assertEqual(self.looks(), 1)
        self.passes(self.act())


class MailTests(OutcomeTestCase):
    """Mail that is sent by hand."""

    def test_sent_once(self) -> None:
        """The same mail is not sent again within ten minutes, also after a restart."""
        self.ends(EndingKind.DONE, operation="replyToEmail")
        self.restart()
        self.now += 599
        error = self.refused(self.act("replyToEmail"))
        self.assertIn("was sent", error.message)
        self.assertEqual(error.facts["seconds_ago"], 599)
        self.passes(self.act("replyToEmail", arguments={**MAIL, "subject": "Other"}))
        self.now += 1
        self.passes(self.act("replyToEmail"))

    def test_not_sent(self) -> None:
        """A mail that was not sent may be sent."""
        for kind in (EndingKind.REFUSED, EndingKind.FAILED):
            self.ends(kind, operation="replyToEmail")
        self.passes(self.act("replyToEmail"))

    def test_which(self) -> None:
        """These are the operations that send another mail each time."""
        found = {each.id for each in OPERATIONS if sends_once(each)}
        self.assertEqual(found, {"replyToEmail"})
