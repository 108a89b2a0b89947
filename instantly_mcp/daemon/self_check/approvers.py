"""Checks whether someone can approve, if a setting asks for approval."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from ...state.database import DATABASE_FILE_NAME
from ..access.books import approvers_missing
from ..settings.settings import Settings
from .findings import Findings


def check_approvers(settings: Settings, findings: Findings) -> None:
    """Look into the database, which a running daemon may be using."""
    folder = settings.state_dir
    if not settings.asks_approvers or folder is None:
        return
    found = _approvers_in(folder / DATABASE_FILE_NAME)
    if found:
        findings.fine.append(f"{found} approver{'s' * (found != 1)} can approve")
    elif found == 0:
        findings.errors.append(approvers_missing(settings))


def _approvers_in(path: Path) -> int | None:
    """Return how many approvers there are; ``None`` if that cannot be read."""
    try:
        if not path.exists():
            return 0
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        ) as database:
            (count,) = database.execute("SELECT count(*) FROM approvers").fetchone()
    except (OSError, sqlite3.Error):
        return None
    return int(count)
