"""Commands without a daemon: the command line opens the state itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._deferred import deferred
from ..._json_codec import Json, JsonObject
from ..settings.errors import ConfigurationError
from ..settings.settings import Settings
from ..state_dir import usable_state_dir
from .client import RunDirectly
from .dispatch import CommandTable, DaemonCommands


def state_directory(settings: Settings, errors: Sequence[str]) -> str:
    """Return the state directory of the settings, and create it if needed.

    Other settings may be wrong: a daemon that they keep from starting can still be
    administered.

    :param errors: the errors in the settings.
    :raises ConfigurationError: when there is none, or it cannot be used.
    """
    if "state_dir" in settings.unknown:
        raise ConfigurationError(*errors)
    directory = usable_state_dir(settings)
    if directory is None:
        raise ConfigurationError(
            "IMCP-STATE there is no state directory: name the daemon's with --state-dir"
        )
    return directory


def run_directly(reactor: Any, directory: str) -> RunDirectly:
    """Return a function that runs a command on the files of a state directory."""

    @deferred
    async def run(name: str, arguments: JsonObject) -> Json:
        return await CommandTable((DaemonCommands(),)).run(name, arguments)

    return run
