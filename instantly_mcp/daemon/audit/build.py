"""Opens the audit that the settings describe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from twisted.logger import Logger

from ... import __version__
from ...access.audit.records import STARTED, lost
from ..settings.errors import ConfigurationError
from ..settings.settings import Settings
from .audit_log import AuditLog, LoggedAudit
from .file import FILE_NAME, AuditFile

log = Logger()

Audit: TypeAlias = AuditLog | LoggedAudit


def open_audit(
    settings: Settings, directory: str | None, wall: Callable[[], float]
) -> Audit:
    """Open the audit file, and record what an earlier process left without an outcome.

    :param directory: the state directory; without one the lines go to the log.
    :param wall: returns the seconds since the epoch.
    :raises ConfigurationError: when the file or its key cannot be used.
    """
    if directory is None:
        if settings.audit_file is not None:
            raise ConfigurationError(
                f"IMCP-AUDIT audit_file ({settings.origins['audit_file']}) needs a "
                "state directory, which keeps the key of its chain: set state_dir"
            )
        if not settings.sandbox or settings.state_dir is not None:
            log.warn(
                "IMCP-AUDIT there is no state directory: audit lines go to this log, "
                "and no chain protects them"
            )
        return LoggedAudit(wall)
    path = audit_path(settings, directory)
    audit = AuditLog(AuditFile(path, Path(directory)), wall)
    try:
        left = audit.file.start()
        lines = [{"kind": STARTED, "version": __version__, "mode": settings.mode}]
        audit.append_now([*lines, *map(lost, left)])
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(f"IMCP-AUDIT {path} cannot be used: {why}") from None
    for intent in left:
        log.warn(
            "IMCP-AUDIT the outcome of {operation} by {tool} is not known: the process "
            "ended during it; see {act} in the audit file",
            operation=intent.get("operation"),
            tool=intent.get("tool"),
            act=intent.get("act"),
        )
    return audit


def audit_path(settings: Settings, directory: str) -> Path:
    """Return the path of the audit file.

    :param directory: the state directory.
    """
    return settings.audit_file or Path(directory) / FILE_NAME
