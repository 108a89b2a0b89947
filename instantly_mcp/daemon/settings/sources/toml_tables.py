"""The tables of the TOML file, such as ``[policy]``, as settings with flat names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..table import TABLES
from .spelling import did_you_mean


def flattened(table: Mapping[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
    """Return the contents of the file with the settings of its tables at the top.

    :returns: the contents, and one line for each error.
    """
    flat = {name: value for name, value in table.items() if name not in TABLES}
    errors: list[str] = []
    for name, known in TABLES.items():
        inner = table.get(name, {})
        if not isinstance(inner, dict):
            errors.append(f"{name} must be a table: [{name}]")
            continue
        for key, value in inner.items():
            setting = known.get(key)
            if setting is None:
                hint = did_you_mean(key.replace("-", "_"), known)
                errors.append(f"{key[:60]} is not a known key of [{name}]{hint}")
            elif setting.name in flat:
                errors.append(
                    f"{setting.name} and [{name}] {key} are both set; keep one"
                )
            else:
                flat[setting.name] = value
    return flat, errors


def misplaced() -> str:
    """Return the end of a message about a table that does not exist."""
    tables = ", ".join(f"[{name}]" for name in TABLES)
    return f"; put settings at the top of the file or into one of: {tables}"
