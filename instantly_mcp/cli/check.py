"""``instantly-mcp check``: every setting with its origin, and every mistake."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from .._json import Json
from ..daemon.descriptors import current_limits, within_limits
from ..daemon.mistakes import EX_CONFIG, report
from ..daemon.options import SettingOptions
from ..daemon.settings import Settings, examine_process
from ..daemon.table import SETTINGS
from .words import Words


class CheckOptions(Words, SettingOptions):
    """The same options as ``run``: what it would run with is what is shown."""

    synopsis = "instantly-mcp check [options]"

    def run(self) -> int:
        """Print the settings; status 78 when the daemon would not start with them."""
        settings, mistakes = examine_process(self.given())
        for line in describe(settings):
            print(line)
        warnings = within_limits(settings, current_limits()).warnings
        report([f"warning: {line}" for line in warnings], sys.stderr)
        report(mistakes, sys.stderr)
        return EX_CONFIG if mistakes else 0


def describe(settings: Settings) -> Iterator[str]:
    """Yield ``name = value  (origin)`` for every setting; of secrets, only that."""
    for setting in SETTINGS:
        value = shown(getattr(settings, setting.name))
        yield f"{setting.name} = {value}  ({settings.origins[setting.name]})"
    for name in ("api_key", "server_secret"):
        held = "set" if getattr(settings, name) is not None else "none"
        yield f"{name} = {held}  ({settings.origins.get(name, 'default')})"


def shown(value: Json) -> str:
    """Return a value as a person would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
