"""The behavior of every store of counters."""

from __future__ import annotations

from abc import abstractmethod
from itertools import count

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.access.rails.interfaces import ICounters
from instantly_mcp.access.rails.records import CapReached, Caps, Reservation

NOW = 1.8e9
DAY = 86_400.0
CAPS = Caps(daily={"mails": 3, "leads": 100}, per_call={"leads": 60})

STEPS = st.lists(
    st.tuples(st.sampled_from([0.0, 3600.0, DAY / 2]), st.integers(1, 4), st.booleans())
)
"""Time that passes, mails that are asked for, and whether they turn out not sent."""


def counted(case: SynchronousTestCase, store: ICounters, owner: str) -> dict[str, int]:
    """Return what counts for an owner: what caps of 0 say is used."""
    found = {}
    for cap in ("mails", "leads", "credits", "webhooks"):
        one = Reservation(act="none", owner=owner, call="none", amounts={cap: 1})
        reached = case.successResultOf(store.room(one, Caps(daily={cap: 0})))
        if reached is not None and reached.used:
            found[cap] = reached.used
    return found


class CountersContract(SynchronousTestCase):
    """Tests of a store of counters."""

    now = NOW

    def setUp(self) -> None:
        """Number the acts."""
        super().setUp()
        self.numbers = count()

    @abstractmethod
    def make_store(self) -> ICounters:
        """Return a store on the same persistent state, whose time is `now`."""

    def reserve(
        self, owner: str = "p", call: str = "", **amounts: int
    ) -> CapReached | None:
        """Reserve in a store that was just made, as after a restart."""
        act = f"act{next(self.numbers)}"
        reservation = Reservation(
            act=act, owner=owner, call=call or act, amounts=amounts
        )
        return self.successResultOf(self.make_store().reserve(reservation, CAPS))

    def used(self, owner: str = "p") -> dict[str, int]:
        """Return what counts against the caps."""
        return counted(self, self.make_store(), owner)

    def test_interface(self) -> None:
        """The store provides its interface."""
        self.assertTrue(verifyObject(ICounters, self.make_store()))

    def test_up_to_the_cap(self) -> None:
        """Acts count until the cap is used up; the next one learns what was used."""
        self.assertEqual([self.reserve(mails=1) for _ in range(3)], [None] * 3)
        reached = self.reserve(mails=1)
        assert reached is not None
        self.assertEqual((reached.cap, reached.most, reached.used), ("mails", 3, 3))
        self.assertEqual(reached.asked, 1)
        self.assertEqual(self.used(), {"mails": 3})

    def test_room_comes_back(self) -> None:
        """The refusal says when there is room, and then there is."""
        for _ in range(3):
            self.reserve(mails=1)
            self.now += 100
        for asked, room_at in ((1, NOW + DAY), (3, NOW + 200 + DAY), (4, None)):
            reached = self.reserve(mails=asked)
            assert reached is not None
            self.assertEqual(reached.room_at, room_at)
        self.now = NOW + DAY - 1
        self.assertIsNotNone(self.reserve(mails=1))
        self.now = NOW + DAY
        self.assertIsNone(self.reserve(mails=1))

    def test_all_or_none(self) -> None:
        """An act that one cap refuses counts against no cap."""
        self.assertIsNotNone(self.reserve(leads=10, mails=4))
        self.assertEqual(self.used(), {})

    def test_room(self) -> None:
        """Asking whether there is room gives the same answer, and counts nothing."""
        for asked in (3, 4):
            one = Reservation(act="a", owner="p", call="c", amounts={"mails": asked})
            store = self.make_store()
            room = self.successResultOf(store.room(one, CAPS))
            self.assertEqual(self.used(), {})
            self.assertEqual(self.successResultOf(store.reserve(one, CAPS)), room)
            self.successResultOf(store.release("a"))

    def test_owners(self) -> None:
        """Owners do not share caps."""
        self.reserve(mails=3)
        self.assertIsNone(self.reserve("q", mails=3))
        self.assertEqual((self.used(), self.used("q")), ({"mails": 3}, {"mails": 3}))

    def test_released(self) -> None:
        """What was released does not count; releasing it again changes nothing."""
        self.reserve(mails=2, leads=5)
        self.reserve(mails=1)
        for _ in range(2):
            self.successResultOf(self.make_store().release("act0"))
        self.assertEqual(self.used(), {"mails": 1})
        self.assertIsNone(self.reserve(mails=2))

    def test_uncapped(self) -> None:
        """What has no cap is counted, and never refused."""
        self.assertIsNone(self.reserve(webhooks=1_000_000))
        self.assertEqual(self.used(), {"webhooks": 1_000_000})

    def test_one_call(self) -> None:
        """The acts of one call share its cap, and each call has its own."""
        self.assertIsNone(self.reserve(call="c", leads=40))
        reached = self.reserve(call="c", leads=21)
        assert reached is not None
        self.assertTrue(reached.per_call)
        self.assertEqual((reached.used, reached.room_at), (40, None))
        self.assertIsNone(self.reserve(call="c", leads=20))
        self.assertIsNone(self.reserve(call="d", leads=40))

    def test_clock_set_back(self) -> None:
        """When the clock is set back, room does not come back earlier."""
        self.reserve(mails=3)
        self.now = NOW - 10 * DAY
        self.assertIsNotNone(self.reserve(mails=1))

    def test_clock_was_ahead(self) -> None:
        """Nothing is lost while the clock is some days ahead."""
        self.reserve(mails=3)
        self.now = NOW + 3 * DAY
        self.reserve(mails=1)
        self.now = NOW + 1
        self.assertEqual(self.used(), {"mails": 4})

    def test_never_more_than_the_cap(self) -> None:
        """In no 24 hours more was sent than the cap, and nothing was refused early."""

        # Hypothesis wants a function of its own for each class.
        @given(STEPS)
        def take_all(steps: list[tuple[float, int, bool]]) -> None:
            self.take(steps)

        take_all()

    def take(self, steps: list[tuple[float, int, bool]]) -> None:
        """Reserve for a new owner, and compare with what was sent."""
        owner = f"owner{next(self.numbers)}"
        sent: list[tuple[float, int]] = []
        for passes, asked, unsent in steps:
            self.now += passes
            act = f"act{next(self.numbers)}"
            reservation = Reservation(
                act=act, owner=owner, call=act, amounts={"mails": asked}
            )
            store = self.make_store()
            reached = self.successResultOf(store.reserve(reservation, CAPS))
            recent = sum(many for at, many in sent if at > self.now - DAY)
            self.assertEqual(reached is not None, recent + asked > 3)
            if reached is not None:
                continue
            if unsent:
                self.successResultOf(store.release(act))
            else:
                sent.append((self.now, asked))
