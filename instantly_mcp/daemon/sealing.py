"""Finds the keys that seal session ids: a file, the state directory, or memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from attrs import frozen
from twisted.logger import Logger

from ..state.seals import KEY_FILE_NAME, KeyFile, Seal, make_seal
from .mistakes import Mistakes
from .settings import Settings

log = Logger()


@frozen
class Keeping:
    """The seal, and where its keys and other lasting state are kept.

    :param state_dir: ``None`` when nothing outlives this process.
    :param key_file: what a reload reads anew.
    """

    seal: Seal
    state_dir: str | None
    key_file: KeyFile | None


def keep_state(settings: Settings, wall: Callable[[], float]) -> Keeping:
    """Return the seal that the settings ask for.

    :raises Mistakes: when keys or a folder that the operator named cannot be used.
    """
    state_dir = usable_state_dir(settings)
    try:
        if settings.seal_key_file is not None:
            key_file = KeyFile(str(settings.seal_key_file))
            return Keeping(Seal(key_file.load(), wall), state_dir, key_file)
        seal = make_seal(state_dir, wall)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Mistakes(f"IMCP-STATE the seal keys cannot be used: {why}") from None
    if state_dir is None:
        return Keeping(seal, None, None)
    return Keeping(seal, state_dir, KeyFile(os.path.join(state_dir, KEY_FILE_NAME)))


def usable_state_dir(settings: Settings) -> str | None:
    """Make the state directory if need be.

    One that nobody asked for may be missing: then sessions end with the process.

    :raises Mistakes: when the operator named it and it cannot be used.
    """
    path = settings.state_dir
    if path is None:
        return None
    problem = _problem(path)
    if problem is None:
        return str(path)
    if not settings.is_default("state_dir"):
        raise Mistakes(f"IMCP-STATE {path} cannot be used: {problem}")
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
