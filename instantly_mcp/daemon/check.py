"""What a daemon with these settings would meet on this machine, without starting it.

Nothing stays behind: no folder is made, no key is written, sockets are closed again.
Nothing leaves the machine; the upstream is asked elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet.protocol import Factory

from .._deferred import deferred
from ..state.seals import KEY_FILE_NAME, KeyFile
from .findings import Findings
from .listening import ListenAddress
from .mistakes import Mistakes
from .ports import Ports, Taken
from .settings import Settings

_INHERITED = frozenset({"systemd", "haproxy"})
"""Endpoints that are there at a start, or wrap such a one."""


def check_files(settings: Settings, findings: Findings) -> None:
    """Look whether the files and folders can be used by whoever runs this."""
    _check_state(settings, findings)
    for name, code, path in (
        ("log_file", "IMCP-LOG", settings.log_file),
        ("ready_file", "IMCP-READY", settings.ready_file),
    ):
        if path is None:
            continue
        problem = _problem_with_file(path)
        if problem is None:
            findings.fine.append(f"{name} {path} can be written")
        else:
            findings.mistakes.append(f"{code} {path} cannot be written: {problem}")


@deferred
async def check_ports(settings: Settings, reactor: Any, findings: Findings) -> None:
    """Open each socket, and close it again.

    One that is taken is only a warning: the daemon itself may be running.
    """
    for setting in ("listen", "metrics_listen"):
        for text in getattr(settings, setting):
            address = ListenAddress.parse(text)
            await _check_port(Ports(reactor, [address], setting=setting), findings)


async def _check_port(ports: Ports, findings: Findings) -> None:
    (address,) = ports.addresses
    if address.kind in _INHERITED:
        findings.fine.append(f"{address} is left to the start")
        return
    try:
        await ports.open(Factory())
    except Taken as taken:
        findings.warnings.extend(taken.lines)
    except Mistakes as mistakes:
        findings.mistakes.extend(mistakes.lines)
    else:
        await ports.close()
        findings.fine.append(f"{address} is free")


def _check_state(settings: Settings, findings: Findings) -> None:
    path = settings.state_dir
    problem = "there is no home folder" if path is None else _problem_with_folder(path)
    if problem is None:
        findings.fine.append(f"state_dir {path} can be used")
    elif settings.is_default("state_dir"):
        findings.warnings.append(
            f"IMCP-STATE sessions will not survive a restart: {path}: {problem}"
        )
    else:
        findings.mistakes.append(f"IMCP-STATE {path} cannot be used: {problem}")
    keys = settings.seal_key_file
    if keys is None and path is not None and problem is None:
        keys = path / KEY_FILE_NAME
    if keys is not None:
        _check_seal_keys(keys, findings)


def _check_seal_keys(path: Path, findings: Findings) -> None:
    problem: str | None
    if not path.exists():
        # A first start writes it.
        problem = _problem_with_folder(path.parent)
    else:
        problem = _problem_in_keys(path)
    if problem is not None:
        line = f"IMCP-STATE the seal keys cannot be used: {problem}"
        findings.mistakes.append(line)


def _problem_in_keys(path: Path) -> str | None:
    try:
        KeyFile(str(path)).load()
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError as error:
        return str(error)
    return None


def _problem_with_file(path: Path) -> str | None:
    if path.is_dir():
        return "it is a folder"
    if path.exists():
        return None if os.access(path, os.W_OK) else "no permission"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    return None if os.access(path.parent, os.W_OK | os.X_OK) else "no permission"


def _problem_with_folder(path: Path) -> str | None:
    """Say why a folder cannot be used, or cannot be made where there is none."""
    found = path
    while not found.exists() and found != found.parent:
        found = found.parent
    if not found.is_dir():
        return f"{found} is no folder"
    if not os.access(found, os.R_OK | os.W_OK | os.X_OK):
        return f"no permission to write to {found}"
    return None
