"""Writes the table of settings into the operations manual.

Usage: ``python -m instantly_mcp.cli.reference docs/operations.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ..daemon.settings.setting import Setting
from ..daemon.settings.table import SETTINGS
from .check import shown

TABLE_BEGIN = "<!-- settings: written by make docs -->"
TABLE_END = "<!-- end of settings -->"


def settings_table() -> str:
    """Return the table of all settings in Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| Option | Default | What it does |"
    yield "| --- | --- | --- |"
    for setting in SETTINGS:
        option = f"`--{setting.option}`" + (" (repeatable)" * setting.repeatable)
        yield f"| {option} | {_default(setting)} | {setting.help} |"


def _default(setting: Setting) -> str:
    if setting.default_text or not setting.default:
        return setting.default_text or shown(setting.default)
    return f"`{shown(setting.default)}`"


def with_table(manual: str) -> str:
    """Return the manual with its table replaced by `settings_table`."""
    before, _, rest = manual.partition(TABLE_BEGIN)
    _, _, after = rest.partition(TABLE_END)
    return f"{before}{TABLE_BEGIN}\n{settings_table()}\n{TABLE_END}{after}"


def main() -> None:
    """Rewrite the file named on the command line."""
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
