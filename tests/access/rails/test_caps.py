"""The rail of the caps: what is counted, refused and released."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._rights import Rights
from instantly_mcp.access.act import NOT_SENT, Act, Ending, EndingKind
from instantly_mcp.access.interfaces import IRail
from instantly_mcp.access.rails.caps import CapsRail
from instantly_mcp.access.rails.records import Caps
from instantly_mcp.access.refusal import AccessRefusedError
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.counters import StoredCounters
from tests.access.acts import act

from .stores import FullDisk, SlowStore

NOW = 1.8e9
HOUR = 3600.0


class CapsRailTests(SynchronousTestCase):
    """Three mails a day, and two recipients of one mail."""

    def setUp(self) -> None:
        """Make the rail."""
        self.now = NOW
        self.numbers = iter(range(100))
        self.counters = StoredCounters(MemoryDatabase(), lambda: self.now)
        self.rail = self.make(self.counters)

    def make(self, counters: Any) -> CapsRail:
        """Return a rail on these counters."""
        caps = Caps(daily={"mails": 3}, per_call={"recipients": 2})
        return CapsRail(counters, caps, lambda: self.now)

    def reply(self, **changes: Any) -> Act:
        """Return the act of one mail."""
        given = {"id": f"a{next(self.numbers)}", "amounts": {"mails": 1}, **changes}
        return act("replyToEmail", **given)

    def passes(self, one: Act) -> None:
        """Let an act pass."""
        self.assertIsNone(self.successResultOf(self.rail.before(one)))

    def refused(self, one: Act) -> AccessRefusedError:
        """Return the refusal of an act."""
        failure = self.failureResultOf(self.rail.before(one), AccessRefusedError)
        error = failure.value
        assert isinstance(error, AccessRefusedError)
        self.assertEqual(error.code, "cap_reached")
        return error

    def ends(self, one: Act, kind: EndingKind) -> None:
        """Let an act end."""
        self.successResultOf(self.rail.after(one, Ending(kind=kind)))

    def test_is_a_rail(self) -> None:
        """It has the methods of a rail."""
        verifyObject(IRail, self.rail)

    def test_open_amount(self) -> None:
        """An act that does not limit what a cap counts is refused, also for a token."""
        moves = {"amounts": {"leads": 1}, "open_amounts": frozenset({"leads"})}
        self.passes(act("moveLeads", id="a", **moves))
        self.rail.of_token = {"own": {"leads": 2}}.__getitem__
        rights = {"principal": "own", "rights": Rights(token="own")}
        one = act("moveLeads", id="b", **moves, **rights)
        self.assertEqual(self.refused(one).facts["limit"], 2)
        self.failureResultOf(self.rail.look(one), AccessRefusedError)
        self.passes(act("moveLeads", id="c", amounts={"leads": 2}, **rights))

    def test_caps_of_a_token(self) -> None:
        """A token has its own caps, within those of the settings."""
        own = {"low": {"mails": 1}, "high": {"mails": 9}, "other": {"leads": 2}}
        self.rail.of_token = own.__getitem__
        for token, most in (("low", 1), ("high", 3), ("other", 3)):
            rights = Rights(token=token)
            for _ in range(most):
                self.passes(self.reply(principal=token, rights=rights))
            error = self.refused(self.reply(principal=token, rights=rights))
            self.assertEqual(error.facts["limit"], most)
        leads = {"principal": "other", "rights": Rights(token="other")}
        self.passes(self.reply(amounts={"leads": 2}, **leads))
        self.refused(self.reply(amounts={"leads": 1}, **leads))

    def test_refusal(self) -> None:
        """The refusal says which cap, how much is used, and when there is room."""
        for _ in range(3):
            self.passes(self.reply())
        self.now += HOUR
        error = self.refused(self.reply())
        self.assertEqual(
            error.facts,
            {
                "cap": "mails",
                "limit": 3,
                "used": 3,
                "asked": 1,
                "room_at": "2027-01-16T08:00:00Z",
                "retry_after": 23 * 3600,
            },
        )
        self.assertIn("3 mails sent by hand in 24 hours", error.message)
        self.assertIn("2027-01-16T08:00:00Z", error.hint)
        self.now = NOW + 24 * HOUR
        self.passes(self.reply())

    def test_more_than_the_cap(self) -> None:
        """What never fits is refused with the operator as the one to ask."""
        error = self.refused(self.reply(amounts={"mails": 4}))
        self.assertNotIn("room_at", error.facts)
        self.assertIn("operator", error.hint)

    def test_look(self) -> None:
        """A look refuses what there is no room for, and counts nothing."""
        for _ in range(5):
            self.assertIsNone(self.successResultOf(self.rail.look(self.reply())))
        looking = self.rail.look(self.reply(amounts={"mails": 4}))
        self.failureResultOf(looking, AccessRefusedError)
        self.passes(self.reply(amounts={"mails": 3}))
        looking = self.rail.look(self.reply())
        self.failureResultOf(looking, AccessRefusedError)
        self.assertIsNone(self.successResultOf(self.rail.look(act(amounts={}))))

    def test_look_with_the_cap_of_a_token(self) -> None:
        """A look refuses what a token's own cap leaves no room for."""
        self.rail.of_token = {"own": {"mails": 1}}.__getitem__
        own = {"principal": "own", "rights": Rights(token="own")}
        self.assertIsNone(self.successResultOf(self.rail.look(self.reply(**own))))
        self.passes(self.reply(**own))
        looking = self.rail.look(self.reply(**own))
        error = self.failureResultOf(looking, AccessRefusedError).value
        self.assertEqual(error.facts["limit"], 1)

    def test_one_call(self) -> None:
        """A cap of one call counts all acts of that call."""
        self.passes(self.reply(call="c1", amounts={"recipients": 2}))
        error = self.refused(self.reply(call="c1", amounts={"recipients": 1}))
        self.assertIn("limited to 2 recipients", error.message)
        self.passes(self.reply(call="c2", amounts={"recipients": 2}))

    def test_a_day(self) -> None:
        """What was counted leaves no room before 24 hours are over."""
        self.passes(self.reply(amounts={"mails": 3}))
        self.now += 24 * HOUR - 1
        self.refused(self.reply())
        self.now += 1
        self.passes(self.reply())

    def test_acts_without_a_call(self) -> None:
        """Acts that do not say their call do not share one."""
        for _ in range(2):
            self.passes(self.reply(amounts={"recipients": 2}))

    def test_callers_and_workspaces(self) -> None:
        """Each caller has caps of its own in each workspace."""
        for more in ({}, {"principal": "p2"}, {"workspace_key": "w2"}):
            self.passes(self.reply(amounts={"mails": 3}, **more))
            self.refused(self.reply(**more))

    def test_what_was_not_sent(self) -> None:
        """Only what was surely not sent gives its room back."""
        for kind in EndingKind:
            one = self.reply(workspace_key=kind.value, amounts={"mails": 3})
            self.passes(one)
            self.ends(one, kind)
            again = self.reply(workspace_key=kind.value)
            if kind is EndingKind.REFUSED:
                self.passes(again)
            else:
                self.refused(again)

    def test_nothing_to_count(self) -> None:
        """A write that counts against no cap needs no store."""
        self.rail = self.make(FullDisk())
        for amounts in ({}, {"mails": 0}):
            one = self.reply(amounts=amounts)
            self.passes(one)
        self.successResultOf(self.rail.after(self.reply(amounts={}), NOT_SENT))

    def test_store_fails(self) -> None:
        """What cannot be counted is not sent, and the log says why."""
        self.rail = self.make(FullDisk())
        failed = self.failureResultOf(self.rail.before(self.reply()))
        error = failed.value
        assert isinstance(error, AccessRefusedError)
        self.assertEqual(error.code, "not_allowed")
        self.assertIn("cannot record", error.message)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_caller_leaves(self) -> None:
        """A caller that leaves while its act is being counted uses up nothing."""
        store = SlowStore(self.counters)
        self.rail = self.make(store)
        one = self.reply(amounts={"mails": 3})
        passing = self.rail.before(one)
        passing.cancel()
        self.failureResultOf(passing, CancelledError)
        self.assertEqual(store.seen, ["reserve", "release"])
        self.rail = self.make(self.counters)
        self.passes(self.reply(amounts={"mails": 3}))
