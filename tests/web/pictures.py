"""Takes a picture of each page of a sandbox: ``python -m tests.web.pictures FOLDER``.

It starts ``instantly-mcp run --sandbox`` with a fixed day and seed, lets a client call
it, and opens each page in headless Chromium. With ``--all`` each page is taken on a
phone and on a wide screen, light and dark, to look at all of them after a change.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from twisted.internet import task
from twisted.internet.defer import Deferred, maybeDeferred

from instantly_mcp._deferred import deferred
from tests.support.chromium import Chromium

START, SEED = "2026-11-02", "42"
PHONE, WIDE = 390, 1280
START_SECONDS = 30.0

PAGES = {
    "home": "/",
    "connect": "/connect?client=vscode",
    "check": "/connect/check",
    "stream": "/connect/stream",
    "status": "/status",
    "sandbox": "/sandbox",
}

_CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {
        "name": "list_campaigns",
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {
                "name": "claude-code",
                "version": "2.1.0",
            },
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    },
}


@frozen
class Shot:
    """One picture.

    :param width: in CSS pixels.
    """

    name: str
    path: str
    width: int
    dark: bool

    @property
    def file(self) -> str:
        """The name of the file."""
        screen = "phone" if self.width == PHONE else "wide"
        return f"{self.name}-{screen}-{'dark' if self.dark else 'light'}.png"


def shots(everything: bool) -> Sequence[Shot]:
    """Return what to take: all, or one picture of each page."""
    if everything:
        return [
            Shot(name, path, width, dark)
            for name, path in PAGES.items()
            for width in (PHONE, WIDE)
            for dark in (False, True)
        ]
    return [Shot(name, path, PHONE, name == "status") for name, path in PAGES.items()]


@define(eq=False)
class Folder:
    """Stands for a test case: it makes folders, and cleans up."""

    base: Path
    cleanups: list[Callable[[], Any]] = field(factory=list)

    def mktemp(self) -> str:
        """Return the path of a folder that does not exist yet."""
        return str(self.base / "profile")

    def addCleanup(self, what: Callable[[], Any]) -> None:
        """Call this at the end."""
        self.cleanups.append(what)


def start_sandbox(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a sandbox on a free port; return its process and its URL."""
    ready = folder / "ready.json"
    options = ["--sandbox", "--port", "0", "--ready-file", str(ready)]
    options += ["--sandbox-start", START, "--sandbox-seed", SEED]
    options += ["--state-dir", str(folder / "state")]
    process = subprocess.Popen(
        [sys.executable, "-m", "instantly_mcp", "run", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + START_SECONDS
    while not ready.exists() and time.monotonic() < until:
        time.sleep(0.1)
    found = json.loads(ready.read_text(encoding="utf-8"))
    return process, str(found["urls"][0]).removesuffix("/mcp")


def call(base: str) -> None:
    """Call a tool, as a client does."""
    request = urllib.request.Request(
        f"{base}/mcp",
        json.dumps(_CALL).encode(),
        {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": "list_campaigns",
        },
    )
    with urllib.request.urlopen(request) as answer:
        answer.read()


async def take(chromium: Chromium, base: str, shot: Shot, target: Path) -> None:
    """Take one picture of a whole page."""
    tab = await chromium.open(width=shot.width, height=700)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if shot.dark else "light"}
    await tab.ask("Emulation.setEmulatedMedia", features=[scheme])
    await tab.ask("Emulation.setScrollbarsHidden", hidden=True)
    await tab.go(f"{base}{shot.path}")
    width = await tab.width()
    if width > shot.width:
        sys.stderr.write(f"{shot.file}: scrolls sideways, {width:.0f} px\n")
    taken = await tab.ask("Page.captureScreenshot", captureBeyondViewport=True)
    target.mkdir(parents=True, exist_ok=True)
    (target / shot.file).write_bytes(base64.b64decode(taken["data"]))
    sys.stdout.write(f"{target / shot.file}\n")


def main(reactor: Any, *arguments: str) -> Deferred[None]:
    """Take the pictures."""
    target = Path(next(each for each in arguments if not each.startswith("-")))
    return _run(reactor, target, "--all" in arguments)


@deferred
async def _run(reactor: Any, target: Path, everything: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder: Any = Folder(Path(name))
        process, base = start_sandbox(folder.base)
        try:
            call(base)
            chromium = Chromium.start(folder, reactor)
            for shot in shots(everything):
                await take(chromium, base, shot, target)
        finally:
            process.terminate()
            process.wait()
            for each in folder.cleanups:
                await maybeDeferred(each)


if __name__ == "__main__":
    task.react(main, sys.argv[1:])
