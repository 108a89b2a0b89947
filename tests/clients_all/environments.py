"""Installs each client into an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .clients import ThirdPartyClient

INSTALL_SECONDS = 900
NPM = ("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
PIP = ("-m", "pip", "install", "--quiet", "--no-cache-dir")


class NotInstallable(Exception):
    """A client cannot be installed on this machine."""


def install(client: ThirdPartyClient) -> None:
    """Install a client, unless the pinned versions are there already.

    :raises NotInstallable: with the last line that the installer wrote.
    """
    installed = client.folder / ".installed"
    pinned = "".join(path.read_text(encoding="utf-8") for path in client.pins)
    if installed.exists() and installed.read_text(encoding="utf-8") == pinned:
        return
    shutil.rmtree(client.folder, ignore_errors=True)
    client.folder.mkdir(parents=True)
    if client.npm:
        for path in client.pins:
            shutil.copy(path, client.folder)
        run_installer(NPM, client.folder)
    else:
        python = str(client.folder / "bin" / "python")
        run_installer((sys.executable, "-m", "venv", "."), client.folder)
        run_installer((python, *PIP, "-r", str(client.pins[0])), client.folder)
    installed.write_text(pinned, encoding="utf-8")


def command(client: ThirdPartyClient) -> Sequence[str]:
    """Return the command line of its driver."""
    if client.driver.suffix == ".mjs":
        node = client.folder / "node_modules" / ".bin" / "node"
        return (str(node), str(client.driver))
    if client.npm:
        return (sys.executable, str(client.driver))
    return (str(client.folder / "bin" / "python"), str(client.driver))


def run_installer(words: Sequence[str], folder: Path) -> None:
    """Run a program in a folder.

    :raises NotInstallable: when it fails, is missing or takes too long.
    """
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstallable(str(error)) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no output"]
        raise NotInstallable(lines[-1])
