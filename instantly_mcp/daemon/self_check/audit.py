"""Checks whether the audit file can be written, and its chain continued."""

from __future__ import annotations

from pathlib import Path

from ..audit.build import audit_path
from ..audit.key import problem_with_key
from ..settings.settings import Settings
from .files import problem_with_log
from .findings import Findings


def check_audit(settings: Settings, findings: Findings) -> None:
    """Check the audit file and its key; a daemon without a state directory has none."""
    directory = settings.state_dir
    if directory is None or not directory.is_dir():
        # A missing directory is created, and reported if that is not possible.
        if directory is None and settings.audit_file is not None:
            findings.errors.append("IMCP-AUDIT audit_file needs a state directory")
        return
    path = audit_path(settings, str(directory))
    try:
        problem = _problem_with_file(path) or problem_with_key(directory, path)
    except OSError as error:
        problem = error.strerror
    if problem is None:
        findings.fine.append(f"the audit file {path} can be written")
    else:
        findings.errors.append(f"IMCP-AUDIT {path} cannot be used: {problem}")


def _problem_with_file(path: Path) -> str | None:
    if path.exists() and not path.is_file():
        return "it is not a regular file"
    return problem_with_log(path)
