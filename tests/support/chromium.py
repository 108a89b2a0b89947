"""A real Chromium without a window, driven over a pipe as its DevTools are.

It speaks the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol)
on two pipes, so that neither a port nor a WebSocket is needed. Pages are read and
clicked through the DOM and input events. Scripts are disabled, but for tabs that are
opened with `scripts`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from instantly_mcp._deferred import deferred

from .programs import CHROMIUM

OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-pipe",
)
TO_BROWSER, FROM_BROWSER = 3, 4
"""The file descriptors of the pipes, as the browser sees them."""


class DevToolsError(AssertionError):
    """The browser refused a command."""


class Pipes(ProcessProtocol):
    """The browser's process: sends commands, and hands out answers and events."""

    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()
        self._buffer = b""
        self._last = 0
        self._answers: dict[int, Deferred[Any]] = {}
        self._events: dict[tuple[str, str], list[Deferred[Any]]] = {}

    def ask(
        self, method: str, session: str | None = None, **params: Any
    ) -> Deferred[Any]:
        """Send a command; return its result."""
        self._last += 1
        command = {"id": self._last, "method": method, "params": params}
        if session is not None:
            command["sessionId"] = session
        answer: Deferred[Any] = Deferred()
        self._answers[self._last] = answer
        transport: Any = self.transport
        transport.writeToChild(TO_BROWSER, json.dumps(command).encode() + b"\0")
        return answer

    def next_event(self, method: str, session: str) -> Deferred[Any]:
        """Return the parameters of the next event of this name."""
        waiter: Deferred[Any] = Deferred()
        self._events.setdefault((method, session), []).append(waiter)
        return waiter

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """Take apart what the browser says; ignore its log."""
        if childFD != FROM_BROWSER:
            return
        *messages, self._buffer = (self._buffer + data).split(b"\0")
        for message in map(json.loads, messages):
            self._take(message)

    def _take(self, message: Mapping[str, Any]) -> None:
        if "id" in message:
            answer = self._answers.pop(message["id"])
            if "error" in message:
                answer.errback(DevToolsError(str(message["error"])))
            else:
                answer.callback(message["result"])
            return
        key = message["method"], message.get("sessionId", "")
        for waiter in self._events.pop(key, ()):
            waiter.callback(message.get("params", {}))

    def processEnded(self, reason: Failure) -> None:
        """Fail what is still waited for."""
        for answer in self._answers.values():
            answer.errback(ConnectionDone("the browser ended"))
        self._answers.clear()
        self.ended.callback(None)


@define(eq=False)
class Chromium:
    """One browser, with a profile of its own."""

    pipes: Pipes

    @classmethod
    def start(cls, case: TestCase, reactor: Any) -> Chromium:
        """Start a browser, which ends with the test."""
        profile = Path(case.mktemp()).absolute()
        pipes = Pipes()
        process = reactor.spawnProcess(
            pipes,
            CHROMIUM.path,
            ["chromium", *OPTIONS, f"--user-data-dir={profile}"],
            env=None,
            childFDs={0: "w", 1: "r", 2: "r", TO_BROWSER: "w", FROM_BROWSER: "r"},
        )

        @deferred
        async def end() -> None:
            process.signalProcess("KILL")
            await pipes.ended
            shutil.rmtree(profile, ignore_errors=True)

        case.addCleanup(end)
        return cls(pipes)

    @deferred
    async def open(
        self, *, width: int = 1000, height: int = 800, scripts: bool = False
    ) -> Tab:
        """Open a tab of this size, in CSS pixels, with cookies of its own."""
        context = await self.pipes.ask("Target.createBrowserContext")
        target = await self.pipes.ask(
            "Target.createTarget", url="about:blank", **context
        )
        attached = await self.pipes.ask(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        tab = Tab(self.pipes, attached["sessionId"])
        await tab.ask("Page.enable")
        await tab.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        await tab.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        return tab


@define(eq=False)
class Tab:
    """One tab."""

    pipes: Pipes
    session: str
    html: str = field(default="", init=False)

    def ask(self, method: str, **params: Any) -> Deferred[Any]:
        """Send a command to this tab."""
        return self.pipes.ask(method, self.session, **params)

    @deferred
    async def go(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        loaded = self.pipes.next_event("Page.loadEventFired", self.session)
        await self.ask("Page.navigate", url=url)
        await loaded
        await self.read()

    @deferred
    async def read(self) -> str:
        """Read the page again."""
        root = await self._root()
        found = await self.ask("DOM.getOuterHTML", nodeId=root)
        self.html = found["outerHTML"]
        return self.html

    @deferred
    async def value(self, expression: str) -> Any:
        """Return what JavaScript evaluates to as JSON, in a tab with scripts."""
        found = await self.ask(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    @property
    def text(self) -> str:
        """The page, with its entities decoded."""
        return unescape(self.html)

    @deferred
    async def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        await self.ask("DOM.focus", nodeId=await self._node(selector))
        await self.ask("Input.insertText", text=text)

    @deferred
    async def click(self, selector: str, times: int = 1) -> None:
        """Click, and wait for the page that follows.

        :param times: 2 for a double click.
        """
        loaded = self.pipes.next_event("Page.loadEventFired", self.session)
        await self.press(selector, times)
        await loaded
        await self.read()

    @deferred
    async def press(self, selector: str, times: int = 1) -> None:
        """Click on something that opens no other page."""
        x, y = await self.middle_of(selector)
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                # Not awaited in between: a navigation may begin with the first click.
                self.ask(
                    "Input.dispatchMouseEvent",
                    type=kind,
                    x=x,
                    y=y,
                    button="left",
                    clickCount=count,
                ).addErrback(lambda _: None)

    @deferred
    async def middle_of(self, selector: str) -> tuple[float, float]:
        """Return the middle of an element, in the viewport."""
        node = await self._node(selector)
        await self.ask("DOM.scrollIntoViewIfNeeded", nodeId=node)
        box = await self.ask("DOM.getBoxModel", nodeId=node)
        quad = box["model"]["border"]
        return (quad[0] + quad[4]) / 2, (quad[1] + quad[5]) / 2

    @deferred
    async def width(self) -> float:
        """Return the width of the content, which scrolls if it is too wide."""
        metrics = await self.ask("Page.getLayoutMetrics")
        width: float = metrics["cssContentSize"]["width"]
        return width

    @deferred
    async def _node(self, selector: str) -> int:
        found = await self.ask(
            "DOM.querySelector", nodeId=await self._root(), selector=selector
        )
        node: int = found["nodeId"]
        assert node, f"nothing matches {selector} in {self.html}"
        return node

    @deferred
    async def _root(self) -> int:
        document = await self.ask("DOM.getDocument", depth=0)
        root: int = document["root"]["nodeId"]
        return root
