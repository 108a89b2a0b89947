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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from twisted.internet import task
from twisted.internet.defer import Deferred, maybeDeferred

from instantly_mcp._deferred import deferred
from tests.support.chromium import Chromium, Tab
from tests.support.timing import PATIENCE_SECONDS

START, SEED = "2026-11-02", "42"
PHONE, WIDE = 390, 1280

PAGES = {
    "home": "/",
    "connect": "/connect?client=vscode",
    "check": "/connect/check",
    "stream": "/connect/stream",
    "status": "/status",
    "sandbox": "/sandbox",
}

APPROVAL = "approval"
"""The page of a call that waits for an approver, who signs in first."""

REPLY = {
    "reply_to_uuid": "01a185be-3e80-7000-886a-6d91903e4b6a",
    "subject": "Re: Alder Insurance and late invoices",
    "body": {"text": "Shall we talk on Thursday?"},
}
"""A mail of the sandbox with `SEED` and `START` is answered."""


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


def approval_shots(everything: bool, path: str) -> Sequence[Shot]:
    """Return what to take of a call that waits for approval."""
    widths = (PHONE, WIDE) if everything else (PHONE,)
    return [Shot(APPROVAL, path, width, False) for width in widths]


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


def add_approver(state: Path) -> str:
    """Add the approver Bo; return the secret."""
    command = [sys.executable, "-m", "instantly_mcp", "approver", "add", "Bo"]
    command += ["--state-dir", str(state), "--json"]
    added = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return str(json.loads(added.stdout)["secret"])


def start_sandbox(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a sandbox on a free port; return its process and its URL."""
    ready = folder / "ready.json"
    options = ["--sandbox", "--port", "0", "--ready-file", str(ready)]
    options += ["--sandbox-start", START, "--sandbox-seed", SEED]
    options += ["--state-dir", str(folder / "state"), "--policy-sends", "approve"]
    options += ["--admin-listen", "tcp:0:interface=127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "instantly_mcp", "run", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + PATIENCE_SECONDS
    while not ready.exists() and time.monotonic() < until:
        time.sleep(0.1)
    found = json.loads(ready.read_text(encoding="utf-8"))
    return process, str(found["urls"][0]).removesuffix("/mcp")


def call(base: str, tool: str, arguments: Mapping[str, object]) -> Any:
    """Call a tool, as a client does; return its structured result."""
    client = {"name": "claude-code", "version": "2.1.0"}
    envelope = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": client,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": envelope}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
    }
    request = urllib.request.Request(
        f"{base}/mcp", json.dumps(message).encode(), headers
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())["result"]["structuredContent"]


async def sign_in(tab: Tab, page: str, secret: str) -> None:
    """Sign in as the approver."""
    await tab.go(page)
    await tab.type("#name", "Bo")
    await tab.type("#secret", secret)
    await tab.click('button[type="submit"]')


async def take(
    chromium: Chromium, base: str, shot: Shot, target: Path, secret: str = ""
) -> None:
    """Take one picture of a whole page.

    :param secret: that of the approver, for a page that asks for it.
    """
    tab = await chromium.open(width=shot.width, height=700)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if shot.dark else "light"}
    await tab.ask("Emulation.setEmulatedMedia", features=[scheme])
    await tab.ask("Emulation.setScrollbarsHidden", hidden=True)
    if secret:
        await sign_in(tab, f"{base}{shot.path}", secret)
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
        secret = add_approver(folder.base / "state")
        process, base = start_sandbox(folder.base)
        try:
            call(base, "list_campaigns", {})
            chromium = Chromium.start(folder, reactor)
            for shot in shots(everything):
                await take(chromium, base, shot, target)
            waits = call(base, "reply_to_email", REPLY)["error"]
            admin, _, id = waits["approval_page"].partition("/approvals/")
            for shot in approval_shots(everything, f"/approvals/{id}"):
                await take(chromium, admin, shot, target, secret)
        finally:
            process.terminate()
            process.wait()
            for each in folder.cleanups:
                await maybeDeferred(each)


if __name__ == "__main__":
    task.react(main, sys.argv[1:])
