"""The behavior of every store of the kill switch."""

from __future__ import annotations

from abc import abstractmethod

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.access.rails.interfaces import IKillSwitchStore
from instantly_mcp.access.rails.records import Switched


class KillSwitchStoreContract(SynchronousTestCase):
    """Tests of a store of the last command."""

    @abstractmethod
    def make_store(self) -> IKillSwitchStore:
        """Return a store on the same persistent state each time, empty at first."""

    def test_last_command(self) -> None:
        """Only the last command is kept."""
        verifyObject(IKillSwitchStore, self.make_store())
        self.assertIsNone(self.successResultOf(self.make_store().load()))
        for switched in (Switched(True, 5.5, "ada"), Switched(False, 4.5, "bob")):
            self.successResultOf(self.make_store().save(switched))
            self.assertEqual(self.successResultOf(self.make_store().load()), switched)
