"""Who besides the daemon can change what is in the state directory.

A user who can write to a directory can replace each file in it, whatever the mode of
the file: the database with its tokens, the key of the audit, and ``control.sock``, to
which the command line sends the secrets of approvers. For the same reason sshd
(``StrictModes`` of sshd_config(5)) and PostgreSQL refuse directories of other users and
those to which every user can write.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

try:
    import pwd
except ImportError:
    # Windows. No daemon runs there, but `instantly-mcp stdio` imports this module.
    pwd = None  # type: ignore[assignment]


def open_to_others(path: Path, user: int) -> str | None:
    """Return why a state directory must not be used; ``None`` if it may be.

    Root may use the directory of another user, as whom the daemon runs later.

    :param path: an existing directory.
    :param user: the numeric id of the user who wants to use it.
    """
    status = path.stat()
    if status.st_mode & stat.S_IWOTH:
        return (
            f"every user can write to it ({stat.S_IMODE(status.st_mode):04o}): run "
            f"chmod go-w {path}"
        )
    if user == 0 or status.st_uid in {0, user}:
        return None
    return (
        f"it belongs to {user_name(status.st_uid)}, who can replace what is in it: run "
        "as that user, or name another directory"
    )


def open_to_group(path: Path) -> Iterator[str]:
    """Yield a warning if the group of a state directory can write to it.

    It may be a group of one user, so that is not a reason to refuse it.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    if mode & stat.S_IWGRP and not mode & stat.S_IWOTH:
        yield (
            f"IMCP-PERM the group of {path} can replace what is in it ({mode:04o}): "
            f"run chmod g-w {path}"
        )


def user_name(user: int) -> str:
    """Return the name of a user, or the number if it has none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
