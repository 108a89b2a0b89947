"""The behavior of every store of workspaces."""

from __future__ import annotations

from abc import abstractmethod

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.access.workspaces.entry import WorkspaceEntry
from instantly_mcp.access.workspaces.interfaces import IWorkspaceStore

AGENCY = WorkspaceEntry(alias="agency", api_key_file="/keys/agency")
ONE = WorkspaceEntry(alias="one", under="agency", id="ws-1")
TWO = WorkspaceEntry(alias="two", under="agency", id="ws-2")


class WorkspaceStoreContract(SynchronousTestCase):
    """Tests of a store of workspaces."""

    @abstractmethod
    def make_store(self) -> IWorkspaceStore:
        """Return a store on the same persistent state each time, empty at first."""

    def stored(self) -> list[WorkspaceEntry]:
        """Return what a store finds after a restart."""
        found = self.successResultOf(self.make_store().load())
        return list(found)

    def test_interface(self) -> None:
        """The store provides its interface."""
        self.assertTrue(verifyObject(IWorkspaceStore, self.make_store()))

    def test_entries_are_kept(self) -> None:
        """Every member of an entry is kept; entries come in the order of aliases."""
        store = self.make_store()
        self.assertEqual(self.stored(), [])
        self.assertIsNone(self.successResultOf(store.add([TWO, ONE, AGENCY])))
        self.assertEqual(self.stored(), [AGENCY, ONE, TWO])

    def test_all_or_nothing(self) -> None:
        """When one of several entries has an alias that exists, none is added."""
        store = self.make_store()
        self.successResultOf(store.add([AGENCY, ONE]))
        again = WorkspaceEntry(alias="one", under="agency", id="ws-3")
        self.failureResultOf(store.add([TWO, again]))
        self.assertEqual(self.stored(), [AGENCY, ONE])

    def test_remove(self) -> None:
        """What is removed is gone; what does not exist is removed already."""
        store = self.make_store()
        self.successResultOf(store.add([AGENCY, ONE]))
        for alias in ("one", "one", "none"):
            self.assertIsNone(self.successResultOf(store.remove(alias)))
        self.assertEqual(self.stored(), [AGENCY])
