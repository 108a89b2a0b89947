"""Books of workspaces for tests: entries and keys in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from instantly_mcp._credential import Secret
from instantly_mcp._rights import Level, Rights
from instantly_mcp.access.workspaces.book import (
    KeyFileError,
    TokenIdentity,
    WorkspaceBook,
)
from instantly_mcp.access.workspaces.entry import WorkspaceEntry
from instantly_mcp.access.workspaces.interfaces import IWorkspaceStore
from instantly_mcp.sandbox.agency import ADMIN_KEY, CLIENTS

AGENCY = WorkspaceEntry(alias="agency", api_key_file="/keys/agency")
UNDER_AGENCY = tuple(
    WorkspaceEntry(alias=each.alias, under="agency", id=each.id) for each in CLIENTS
)
"""The twenty clients of the sandbox's agency, all under its admin key."""


@implementer(IWorkspaceStore)
@define(eq=False)
class MemoryWorkspaceStore:
    """Keeps entries in memory.

    :ivar broken: makes every change fail.
    :ivar until: additions wait until it fires.
    """

    entries: dict[str, WorkspaceEntry] = field(factory=dict)
    broken: Exception | None = None
    until: Deferred[None] | None = None

    def load(self) -> Deferred[Sequence[WorkspaceEntry]]:
        return succeed([entry for _, entry in sorted(self.entries.items())])

    def add(self, entries: Sequence[WorkspaceEntry]) -> Deferred[None]:
        if self.broken is not None:
            return fail(self.broken)
        added = succeed(None) if self.until is None else self.until
        return added.addCallback(lambda _: self._add(entries))

    def _add(self, entries: Sequence[WorkspaceEntry]) -> None:
        self.entries |= {each.alias: each for each in entries}

    def remove(self, alias: str) -> Deferred[None]:
        if self.broken is not None:
            return fail(self.broken)
        self.entries.pop(alias, None)
        return succeed(None)


@define(eq=False)
class KeyFiles:
    """Key files in memory: the key by path. Without a key the file does not exist."""

    keys: dict[str, str] = field(factory=dict, repr=False)

    def __call__(self, path: str) -> Secret:
        """Read a file, as `WorkspaceBook.read_key`."""
        if path not in self.keys:
            raise KeyFileError(f"{path} does not exist")
        return Secret(self.keys[path])


def agency_book(without: Mapping[str, str] | None = None) -> WorkspaceBook:
    """Return the book of an agency with twenty clients under one admin key.

    :param without: key files that do not exist, by the alias that has them.
    """
    files = KeyFiles({"/keys/agency": ADMIN_KEY})
    entries = {each.alias: each for each in (AGENCY, *UNDER_AGENCY)}
    for alias, path in (without or {}).items():
        entries[alias] = WorkspaceEntry(alias=alias, api_key_file=path)
    store = MemoryWorkspaceStore(entries)
    book = WorkspaceBook(store, files)
    book.load()
    return book


def token_for(
    *aliases: str, id: str = "tok_1", level: Level = Level.FULL
) -> TokenIdentity:
    """Return a connection token for these workspaces."""
    rights = Rights(token=id, token_name="Ada", level=level)
    return TokenIdentity(source="authorization", rights=rights, aliases=aliases)
