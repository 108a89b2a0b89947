"""The book of workspaces under any sequence of changes, restarts and requests."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Credential
from instantly_mcp.access.workspaces.book import WorkspaceBook
from instantly_mcp.access.workspaces.entry import BadEntryError, WorkspaceEntry
from instantly_mcp.access.workspaces.refusals import WorkspaceRefusedError
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.workspaces import WorkspaceStore
from tests.support.workspace_books import KeyFiles, token_for

ALIASES = ("a", "b", "c", "d")
PATHS = ("/keys/1", "/keys/2", "/keys/3")


def succeeded(change: Deferred[None]) -> bool:
    """Return whether a change that has ended succeeded; it may only be refused."""
    outcomes: list[bool] = []

    def refused(failure) -> None:
        failure.trap(BadEntryError)
        outcomes.append(False)

    change.addCallback(lambda _: outcomes.append(True)).addErrback(refused)
    (outcome,) = outcomes
    return outcome


class Books(RuleBasedStateMachine):
    """Compares the book with a dictionary of what was added and not removed.

    Each key names its file and the version of its content, so that a credential shows
    what it was made from.
    """

    @initialize()
    def open(self) -> None:
        """Begin without workspaces."""
        self.database = MemoryDatabase()
        self.files = KeyFiles({path: f"{path} 0" for path in PATHS})
        self.held: dict[str, str] = {}
        self.expected: dict[str, WorkspaceEntry] = {}
        self.restart()

    def restart(self) -> None:
        """Open the book again, as after a restart."""
        self.book = WorkspaceBook(WorkspaceStore(self.database), self.files)
        self.book.load()
        self.held = dict(self.files.keys)

    @rule(alias=st.sampled_from(ALIASES), path=st.sampled_from(PATHS))
    def add_with_file(self, alias: str, path: str) -> None:
        """Add a workspace with a key file of its own."""
        entry = WorkspaceEntry(alias=alias, api_key_file=path)
        taken = any(each.api_key_file == path for each in self.expected.values())
        added = succeeded(self.book.add([entry]))
        can = path in self.files.keys and alias not in self.expected and not taken
        assert added is can, (entry, self.expected)
        if added:
            self.expected[alias] = entry
            self.held[path] = self.files.keys[path]

    @rule(
        alias=st.sampled_from(ALIASES),
        under=st.sampled_from(ALIASES),
        id=st.sampled_from(("ws-1", "ws-2")),
    )
    def add_under(self, alias: str, under: str, id: str) -> None:
        """Add a workspace under an admin workspace."""
        entry = WorkspaceEntry(alias=alias, under=under, id=id)
        admin = self.expected.get(under)
        twice = (under, id) in {(e.under, e.id) for e in self.expected.values()}
        added = succeeded(self.book.add([entry]))
        can = admin is not None and admin.under is None and alias not in self.expected
        assert added is (can and not twice), (entry, self.expected)
        if added:
            self.expected[alias] = entry

    @rule(alias=st.sampled_from(ALIASES))
    def remove(self, alias: str) -> None:
        """Remove a workspace, if no other one is under it."""
        needed = alias in {each.under for each in self.expected.values()}
        removed = succeeded(self.book.remove(alias))
        assert removed is (alias in self.expected and not needed)
        if removed:
            del self.expected[alias]

    @rule(path=st.sampled_from(PATHS), version=st.integers(1, 3))
    def rotate(self, path: str, version: int) -> None:
        """Replace the content of a key file, and reload."""
        self.files.keys[path] = f"{path} {version}"
        assert self.book.reload() == []
        self.held = dict(self.files.keys)

    @rule()
    def start_again(self) -> None:
        """Restart the daemon."""
        self.restart()

    @invariant()
    def each_token_reaches_its_own(self) -> None:
        """A token reaches what exists of its workspaces, each with the right key."""
        several = token_for(*ALIASES)
        for alias in ALIASES:
            try:
                credential = self.book.credential_for(several, alias)
            except WorkspaceRefusedError:
                assert alias not in self.expected
                continue
            entry = self.expected[alias]
            admin = entry if entry.under is None else self.expected[entry.under]
            assert admin.api_key_file is not None
            assert credential.secret.reveal() == self.held[admin.api_key_file]
            assert credential.workspace == entry.id
            made = Credential(
                secret=credential.secret, source="test", workspace=entry.id
            )
            assert credential.workspace_key == made.workspace_key
            assert credential.workspace_name == alias
        listed = [each.entry for each in self.book.listed()]
        assert listed == [entry for _, entry in sorted(self.expected.items())]

    def teardown(self) -> None:
        """Close the database."""
        if hasattr(self, "database"):
            self.database.close()


class BookMachineTests(SynchronousTestCase):
    def test_machine(self) -> None:
        """Tokens reach what the book has, with the right keys, and nothing else."""
        run_state_machine_as_test(Books)
