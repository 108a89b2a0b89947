"""Opens the state directory, and loads or creates the keys that seal session ids.

The keys come from ``seal_key_file``, else from the state directory. Without a usable
state directory they exist only in memory, and sessions end with the process.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from attrs import frozen
from twisted.logger import Logger

from ..state.sealed_tokens import KEY_FILE_NAME, KeyFile, TokenSealer, make_token_sealer
from .settings.errors import ConfigurationError
from .settings.settings import Settings

log = Logger()


@frozen
class StateDirectory:
    """The seal, and where its keys and other persistent state are stored.

    :param path: the directory; ``None`` when no state outlives this process.
    :param key_file: the file that a reload reads again; ``None`` for keys in memory.
    """

    seal: TokenSealer
    path: str | None
    key_file: KeyFile | None


def open_state_directory(
    settings: Settings, wall: Callable[[], float]
) -> StateDirectory:
    """Return the seal that the settings describe.

    :param wall: returns the time in seconds since the epoch.
    :raises ConfigurationError: when the seal keys, or a state directory that the
        operator named, cannot be used.
    """
    state_dir = usable_state_dir(settings)
    try:
        if settings.seal_key_file is not None:
            key_file = KeyFile(str(settings.seal_key_file))
            return StateDirectory(
                TokenSealer(key_file.load(), wall), state_dir, key_file
            )
        seal = make_token_sealer(state_dir, wall)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(
            f"IMCP-STATE the seal keys cannot be used: {why}"
        ) from None
    if state_dir is None:
        return StateDirectory(seal, None, None)
    return StateDirectory(
        seal, state_dir, KeyFile(os.path.join(state_dir, KEY_FILE_NAME))
    )


def usable_state_dir(settings: Settings) -> str | None:
    """Create the state directory if needed.

    :returns: its path; ``None``, after a warning, when the default one cannot be used.
    :raises ConfigurationError: when the operator named it and it cannot be used.
    """
    path = settings.state_dir
    if path is None:
        return None
    problem = _problem(path)
    if problem is None:
        return str(path)
    if not settings.is_default("state_dir"):
        raise ConfigurationError(f"IMCP-STATE {path} cannot be used: {problem}")
    log.warn(
        "IMCP-STATE sessions will not survive a restart: {path}: {problem}",
        path=str(path),
        problem=problem,
    )
    return None


def _problem(path: Path) -> str | None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return error.strerror or type(error).__name__
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return "no permission to write there"
    return None
