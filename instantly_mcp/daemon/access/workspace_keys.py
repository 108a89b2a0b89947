"""How a daemon reads the key files of workspaces."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from ..._credential import Secret
from ...access.workspaces.book import KeyFileError, WorkspaceBook, is_for_sandbox
from ..settings.errors import ConfigurationError
from ..settings.settings import Settings
from ..settings.sources.secret_files import exposures, read_secret


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


def exposed_key_files(book: WorkspaceBook) -> Iterator[str]:
    """Yield a warning for each way in which a key file is exposed to other users."""
    for listed in book.listed():
        if listed.entry.api_key_file is not None:
            yield from exposures(Path(listed.entry.api_key_file), secret=True)


def key_file_reader(settings: Settings) -> KeyFileReader:
    """Return the reader for the upstream of the settings."""
    return KeyFileReader(sandbox=settings.may_be_sandbox, only_sandbox=settings.sandbox)
