"""The system user that the daemon runs as, made by ``systemd-sysusers``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NAME = "instantly-mcp"
BY_HAND = "useradd -r -U -M -s /usr/sbin/nologin instantly-mcp"


def make_user(root: Path, description: Path) -> str:
    """Make the user that a file of sysusers.d describes, unless it exists.

    :param root: the folder that stands for ``/``.
    :returns: what to do if the user is not there afterwards.
    """
    advice = (
        "the system user instantly-mcp could not be made, so the daemon cannot read "
        f"its files yet: run {BY_HAND}, and then this command again with --replace"
    )
    if root != Path("/") and not (root / "etc" / "passwd").exists():
        return (
            f"{root} has no users: give the group {NAME} the right to read "
            f"{root}/etc/{NAME} once it exists there"
        )
    program = shutil.which("systemd-sysusers", path=f"{os.defpath}:/usr/bin:/usr/sbin")
    if program is None or os.geteuid() != 0:
        return advice
    words = [program, str(description)]
    if root != Path("/"):
        words.insert(1, f"--root={root}")
        words[-1] = description.name
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    reason = done.stderr.strip().splitlines()
    return f"{advice} ({reason[-1]})" if reason else advice


def group_id(root: Path, name: str) -> int | None:
    """Return the id of a group; ``None`` if there is no such group.

    :param root: the folder whose ``etc/group`` is read.
    """
    try:
        lines = (root / "etc" / "group").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split(":")
        if len(fields) >= 3 and fields[0] == name and fields[2].isdigit():
            return int(fields[2])
    return None
