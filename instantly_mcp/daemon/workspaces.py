"""The book of workspaces of a daemon, and how it reads key files."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from attrs import frozen
from twisted.internet.defer import Deferred

from .._credential import Secret
from .._noop import noop
from ..access.workspaces.book import KeyFileError, WorkspaceBook, is_for_sandbox
from ..state.interfaces import IDatabase
from ..state.stores.workspaces import WorkspaceStore
from .settings.errors import ConfigurationError
from .settings.secret_files import read_secret


@frozen
class KeyFileReader:
    """Reads the key files of workspaces.

    :param sandbox: accept short keys, which only a sandbox has.
    :param only_sandbox: refuse real keys, which the sandbox must not see.
    """

    sandbox: bool = True
    only_sandbox: bool = False

    def __call__(self, path: str) -> Secret:
        """Return the key in a file.

        :raises KeyFileError: when there is none, or it cannot be used here.
        """
        try:
            if stat.S_ISFIFO(Path(path).stat().st_mode):
                # Opening it would block the reactor until there is a writer.
                raise KeyFileError(f"{path} is a FIFO, which can be read only once")
        except OSError:
            pass  # Reading it says why.
        try:
            key = read_secret(Path(path), sandbox=self.sandbox)
        except ConfigurationError as error:
            why = " ".join(error.lines).removeprefix("IMCP-KEY ")
            raise KeyFileError(why) from None
        if self.only_sandbox and not is_for_sandbox(key):
            raise KeyFileError(
                f"{path} does not hold a key of the sandbox, and this is the sandbox"
            )
        return key


def load_workspaces(
    database: IDatabase,
    reader: KeyFileReader,
    learn: Callable[[Secret], object] = noop,
) -> Deferred[WorkspaceBook]:
    """Return the book of the workspaces in a database.

    :param learn: called with each key, before it is used.
    """
    book = WorkspaceBook(WorkspaceStore(database), reader, learn)
    return book.load().addCallback(lambda _: book)
