"""The workspaces of the operator: which alias stands for which key.

The entries are in the state database, the keys in files; the book has both in memory,
so that a request is decided without waiting. It writes to the database first. A key
that cannot be read makes its own workspaces unavailable and no others.

A caller reaches a workspace of the book with a connection token that names the alias.
Path, header and query choose one of the token's aliases. A request that names another
one gets the same answer whether that alias exists or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger

from ..._credential import SANDBOX_PREFIX, Credential, CurrentSecret, Secret
from ..._deferred import deferred
from ..._noop import noop
from ..._rights import Rights
from .entry import BadEntryError, WorkspaceEntry, mistake_in, mistake_in_all
from .interfaces import IWorkspaceStore
from .refusals import (
    WorkspaceProblem,
    WorkspaceRefusedError,
    other_workspace,
    some_of,
)

NO_KEY = Secret("")
"""The key of a credential whose workspace is not chosen yet. It is never sent."""

ReadKey = Callable[[str], Secret]
"""Reads the key in a file. Raises `KeyFileError` when that is not possible."""


def is_for_sandbox(key: Secret) -> bool:
    """Return whether the sandbox accepts a key."""
    return key.reveal().startswith(SANDBOX_PREFIX)


class KeyFileError(Exception):
    """A key file cannot be used; the text says why and does not contain the key."""


@frozen(kw_only=True)
class ListedWorkspace:
    """A workspace, for the operator's list.

    :param trouble: why it cannot be used at present; empty if it can.
    """

    entry: WorkspaceEntry
    trouble: str = ""


@frozen(kw_only=True)
class TokenIdentity:
    """The connection token of a request, as far as workspaces need to know it.

    :param source: where the token was found; see `Credential.source`.
    :param rights: those of the token, with its id.
    :param aliases: the workspaces that the token may use.
    """

    source: str
    rights: Rights
    aliases: tuple[str, ...]


def _no_tokens(alias: str) -> Sequence[str]:
    return ()


@define(eq=False)
class WorkspaceBook:
    """All workspaces. Call `load` before anything else.

    :param read_key: reads a key file.
    :param learn: called with each key that was read, before it is used.
    :ivar tokens_of: returns the names of the tokens that may use an alias. Such an
        alias is not removed: it could be given to another workspace, which the tokens
        would then reach.
    """

    log: ClassVar[Logger] = Logger()

    store: IWorkspaceStore
    read_key: ReadKey
    learn: Callable[[Secret], object] = noop
    tokens_of: Callable[[str], Sequence[str]] = field(default=_no_tokens, init=False)
    _changing: DeferredLock = field(factory=DeferredLock, init=False)
    _entries: dict[str, WorkspaceEntry] = field(factory=dict, init=False)
    _keys: dict[str, CurrentSecret] = field(factory=dict, init=False, repr=False)
    _troubles: dict[str, str] = field(factory=dict, init=False)
    _workspace_keys: dict[str, str] = field(factory=dict, init=False)

    @deferred
    async def load(self) -> None:
        """Read the entries from the store, and then their keys."""
        entries = await self.store.load()
        self._entries = {each.alias: each for each in entries}
        self.reload()

    def reload(self) -> Sequence[str]:
        """Read all key files again.

        A file that cannot be read leaves its workspaces with the key that they have.

        :returns: a sentence for each file that cannot be used, which is also logged.
        """
        self._troubles = {}
        for entry in self._entries.values():
            if entry.api_key_file is None:
                continue
            try:
                self._hold(entry.alias, self.read_key(entry.api_key_file))
            except KeyFileError as error:
                self._troubles[entry.alias] = str(error)
                self.log.error(
                    "IMCP-KEY workspace {alias}: {why}",
                    alias=entry.alias,
                    why=str(error),
                )
        return [f"{alias}: {why}" for alias, why in self._troubles.items()]

    def listed(self) -> Sequence[ListedWorkspace]:
        """Return all workspaces in the order of their aliases."""
        return [
            ListedWorkspace(entry=entry, trouble=self._trouble(entry))
            for _, entry in sorted(self._entries.items())
        ]

    def alias_of(self, workspace_key: str) -> str | None:
        """Return the alias of a workspace that was used since the start."""
        for alias, key in self._workspace_keys.items():
            if key == workspace_key:
                return alias
        return None

    def __contains__(self, alias: str) -> bool:
        return alias in self._entries

    def check(self, entries: Sequence[WorkspaceEntry]) -> None:
        """Check workspaces as `add` does, with their key files, and add none.

        :raises BadEntryError: with a sentence for each entry that cannot be added.
        """
        self._checked(entries)

    def add(self, entries: Sequence[WorkspaceEntry]) -> Deferred[None]:
        """Add workspaces: all of them, or none.

        Fails with `BadEntryError`, which has a sentence for each entry that cannot be
        added.
        """
        return self._changing.run(self._add, entries)

    @deferred
    async def _add(self, entries: Sequence[WorkspaceEntry]) -> None:
        read = self._checked(entries)
        await self.store.add(entries)
        self._entries |= {each.alias: each for each in entries}
        for alias, key in read.items():
            self._hold(alias, key)

    def remove(self, alias: str) -> Deferred[None]:
        """Remove a workspace from the book. At Instantly nothing changes.

        Fails with `BadEntryError` when there is none, or something still needs it.
        """
        return self._changing.run(self._remove, alias)

    @deferred
    async def _remove(self, alias: str) -> None:
        entry = self._entries.get(alias)
        if entry is None:
            raise BadEntryError(f"there is no workspace {alias[:60]!r}")
        below = [each.alias for each in self._entries.values() if each.under == alias]
        if below:
            raise BadEntryError(
                f"{alias} is the admin workspace of {some_of(below)}: remove them first"
            )
        tokens = self.tokens_of(alias)
        if tokens:
            raise BadEntryError(
                f"{alias} is used by the tokens {some_of(tokens)}: revoke them first"
            )
        # First here, so that no token is made for it while the store works.
        del self._entries[alias]
        try:
            await self.store.remove(alias)
        except BaseException:
            self._entries[alias] = entry
            raise
        self._keys.pop(alias, None)
        self._troubles.pop(alias, None)
        self._workspace_keys.pop(alias, None)

    def credential_for(self, token: TokenIdentity, asked: str | None) -> Credential:
        """Return the credential with which a request acts.

        :param asked: the alias that the request names, if it does.
        :returns: the credential of one workspace. If the token may use several and the
            request names none, a credential without a key, whose
            `Rights.workspaces` are those that the caller chooses between.
        :raises WorkspaceRefusedError: when the token may not use the workspace, or its
            key cannot be read.
        """
        usable = tuple(alias for alias in token.aliases if alias in self._entries)
        if asked is not None and asked not in usable:
            raise other_workspace(usable)
        if not usable:
            raise WorkspaceRefusedError(
                WorkspaceProblem.UNAVAILABLE,
                "The workspace of this connection no longer exists.",
                "Ask the operator of this server for a new connection token.",
            )
        if asked is None and len(usable) == 1:
            asked = usable[0]
        if asked is not None:
            return self._chosen(asked, token.source, token.rights)
        rights = evolve(token.rights, workspaces=usable)
        return Credential(
            secret=NO_KEY,
            source=token.source,
            workspace_key=str(rights.token),
            principal=str(rights.token),
            rights=rights,
        )

    def choose(self, credential: Credential, alias: str) -> Credential:
        """Return the credential of one of the workspaces that a caller chooses between.

        :raises WorkspaceRefusedError: as `credential_for` does.
        """
        if alias not in credential.rights.workspaces or alias not in self._entries:
            raise other_workspace(credential.rights.workspaces)
        return self._chosen(alias, credential.source, credential.rights)

    def _chosen(self, alias: str, source: str, rights: Rights) -> Credential:
        entry = self._entries[alias]
        key = self._keys.get(entry.under or alias)
        if key is None:
            raise WorkspaceRefusedError(
                WorkspaceProblem.UNAVAILABLE,
                f"The key of the workspace {alias} cannot be used at present.",
                "Tell the user that the operator of this server has to look at its key "
                "file.",
            )
        if alias not in self._workspace_keys:
            # A digest, which costs more than everything else here.
            made = Credential(secret=key, source=source, workspace=entry.id)
            self._workspace_keys[alias] = made.workspace_key
        return Credential(
            secret=key,
            source=source,
            workspace=entry.id,
            workspace_key=self._workspace_keys[alias],
            workspace_name=alias,
            principal=f"{rights.token}/{alias}",
            rights=evolve(rights, workspaces=()) if rights.workspaces else rights,
        )

    def _hold(self, alias: str, key: Secret) -> None:
        self.learn(key)
        held = self._keys.get(alias)
        if held is None:
            self._keys[alias] = CurrentSecret(key, f"workspace:{alias}")
        else:
            held.replace(key)

    def _trouble(self, entry: WorkspaceEntry) -> str:
        return self._troubles.get(entry.under or entry.alias, "")

    def _checked(self, entries: Sequence[WorkspaceEntry]) -> dict[str, Secret]:
        """Return the keys of new entries, by alias.

        :raises BadEntryError: when an entry cannot be added.
        """
        wrong: dict[int, str] = {}
        merged, read = dict(self._entries), dict[str, Secret]()
        for place, entry in enumerate(entries):
            mistake = mistake_in(entry)
            if mistake is None and entry.alias in merged:
                mistake = f"there is already a workspace {entry.alias}"
            if mistake is None:
                merged[entry.alias] = entry
                mistake = self._read(entry, read)
            if mistake is not None:
                wrong[place] = mistake
        beside = mistake_in_all(merged)
        for place, entry in enumerate(entries):
            if entry.alias in beside:
                wrong.setdefault(place, beside[entry.alias])
        if wrong:
            places = sorted(wrong)
            raise BadEntryError(*(wrong[place] for place in places), places=places)
        return read

    def _read(self, entry: WorkspaceEntry, read: dict[str, Secret]) -> str | None:
        """Read the key of a new entry; return what is wrong with it."""
        if entry.api_key_file is None:
            return None
        try:
            key = self.read_key(entry.api_key_file)
        except KeyFileError as error:
            return f"{entry.alias}: {error}"
        for alias, other in [*self._keys.items(), *read.items()]:
            if other == key:
                return f"{entry.alias} has the same key as {alias}"
        read[entry.alias] = key
        return None
