"""The behavior of every store of marks."""

from __future__ import annotations

from abc import abstractmethod

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.access.rails.interfaces import IMarks

NOW = 1.8e9


class MarksContract(SynchronousTestCase):
    """Tests of a store of marks."""

    now = NOW

    @abstractmethod
    def make_store(self) -> IMarks:
        """Return a store on the same persistent state, whose time is `now`."""

    def use(self, mark: str, until: float = NOW + 300, kind: str = "a") -> bool:
        """Use a mark in a store that was just made, as after a restart."""
        return self.successResultOf(self.make_store().use(kind, mark, until))

    def holds(self, mark: str, kind: str = "a") -> bool:
        """Say whether a mark is set."""
        return self.successResultOf(self.make_store().holds(kind, mark))

    def test_interface(self) -> None:
        """The store provides its interface."""
        self.assertTrue(verifyObject(IMarks, self.make_store()))

    def test_used_once(self) -> None:
        """The first use is one, every later one is not."""
        self.assertEqual([self.use("m") for _ in range(3)], [True, False, False])
        self.assertTrue(self.holds("m"))

    def test_separate(self) -> None:
        """Other marks and other kinds are not used by it."""
        self.use("m")
        self.assertTrue(self.use("n"))
        self.assertTrue(self.use("m", kind="b"))
        self.assertFalse(self.holds("o"))

    def test_two_at_once(self) -> None:
        """Of two uses that begin together only one is the first."""
        store = self.make_store()
        both = [store.use("a", "m", NOW + 300) for _ in range(2)]
        self.assertEqual([self.successResultOf(one) for one in both], [True, False])

    def test_too_late(self) -> None:
        """A mark whose time is over cannot be used."""
        self.assertFalse(self.use("m", NOW))
        self.assertFalse(self.use("m", NOW - 1))

    def test_clock_set_back(self) -> None:
        """What was used is still used after its time, and when the clock goes back."""
        self.use("m")
        self.now = NOW + 1e6
        self.assertFalse(self.holds("m"))
        self.use("other", self.now + 1)
        self.now = NOW - 1e6
        self.assertFalse(self.use("m"))

    def test_put(self) -> None:
        """A mark that is set holds until its time, which only a later one changes."""
        store = self.make_store()
        for until in (NOW + 10, NOW + 20, NOW + 5):
            self.assertIsNone(self.successResultOf(store.put("a", "m", until)))
        self.now = NOW + 19
        self.assertTrue(self.holds("m"))
        self.now = NOW + 20
        self.assertFalse(self.holds("m"))

    def test_put_is_used(self) -> None:
        """What was set cannot be used."""
        self.successResultOf(self.make_store().put("a", "m", NOW + 10))
        self.assertFalse(self.use("m"))
