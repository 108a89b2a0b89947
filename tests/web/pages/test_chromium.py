"""The pages of the MCP port in a real browser, without scripts."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from attrs import evolve
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.clients.registry import CLIENTS
from instantly_mcp.web.interfaces import SeenClient
from tests.support.chromium import Chromium, DevToolsError, Tab
from tests.support.programs import CHROMIUM, requires
from tests.support.timing import PATIENCE_SECONDS
from tests.web.site import FACTS, NOW, MemoryServer

from .test_status import REPORT

SMALL_PHONE = 360
LONG = "x" * 64
PAGES = ("/", "/connect", "/connect/check", "/status")
LUMINANCE = """(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const lum = ([r, g, b]) => [r, g, b].map(v => { v /= 255;
    return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  }).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = el => { for (; el; el = el.parentElement) {
    const c = parse(getComputedStyle(el).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const el of document.querySelectorAll("body *")) {
    const own = [...el.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own) continue;
    const a = lum(parse(getComputedStyle(el).color)), b = lum(behind(el));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.push(el.tagName + " " + ratio.toFixed(2));
  }
  return poor;
})()"""
"""The elements whose text has less contrast than WCAG 2.2, 1.4.3, asks for."""


def last_client(principal: str | None) -> SeenClient:
    """Return a client with a name as long as one may be."""
    return SeenClient(
        client=LONG, first_at=NOW, last_at=NOW, requests=3, error="HTTP 401", error_at=1
    )


@requires(CHROMIUM)
class PagesInChromiumTests(TestCase):
    """What people see, on a phone and on a wide screen, light and dark."""

    timeout = PATIENCE_SECONDS
    reactor: Any = reactor

    def setUp(self) -> None:
        """Serve the pages, and start a browser."""
        server = MemoryServer(
            self.reactor, report=lambda: REPORT, last_client=last_client
        )
        server.status.known = evolve(FACTS, public_url=f"https://{LONG}.example")
        port = self.reactor.listenTCP(0, server.site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.base = f"http://127.0.0.1:{port.getHost().port}"
        self.chromium = Chromium.start(self, self.reactor)

    async def opened(self, path: str, **options: Any) -> Tab:
        """Open a page in a tab of its own."""
        tab = await self.chromium.open(**options)
        await tab.go(f"{self.base}{path}")
        return tab

    @deferred
    async def test_small_phone(self) -> None:
        """No page scrolls sideways on a phone, also with long names and all parts
        open.
        """
        paths = [*PAGES, *(f"/connect?client={id}" for id in CLIENTS)]
        tab = await self.chromium.open(width=SMALL_PHONE)
        for path in paths:
            await tab.go(f"{self.base}{path}")
            self.assertEqual(await tab.width(), SMALL_PHONE, path)

    @deferred
    async def test_contrast(self) -> None:
        """Every text has enough contrast, light and dark."""
        tab = await self.chromium.open(scripts=True)
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            await tab.ask("Emulation.setEmulatedMedia", features=[feature])
            for path in (*PAGES, "/connect?client=vscode"):
                await tab.go(f"{self.base}{path}")
                self.assertEqual(await tab.value(LUMINANCE), [], f"{scheme} {path}")

    @deferred
    async def test_copy(self) -> None:
        """One click on a text selects all of it."""
        tab = await self.opened("/connect?client=curl", scripts=True)
        x, y = await tab.middle_of("details[open] pre")
        for kind in ("mousePressed", "mouseReleased"):
            await tab.ask(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                clickCount=1,
            )
        selected = await tab.value("getSelection().toString()")
        shown = await tab.value(
            "document.querySelector('details[open] pre').textContent"
        )
        self.assertEqual(selected.strip(), shown.strip())

    @deferred
    async def test_one_part_open(self) -> None:
        """Opening the part of a client closes that of another one, without scripts."""
        tab = await self.opened("/connect?client=curl", scripts=True)
        await tab.value("document.querySelector('#cursor summary').click()")
        opened = await tab.value("document.querySelectorAll('details[open]').length")
        self.assertEqual(opened, 1)
        self.assertTrue(await tab.value("document.querySelector('#cursor').open"))

    @deferred
    async def test_landmarks(self) -> None:
        """Each page has one main part, one heading of level 1, and a navigation."""
        for path in PAGES:
            tab = await self.opened(path)
            for tag in ("main", "h1", "nav", "header"):
                self.assertEqual(len(re.findall(f"<{tag}[ >]", tab.html)), 1, path)
            self.assertIn('aria-current="page"', tab.html)
            self.assertIn('lang="en"', tab.html)

    @deferred
    async def test_stream_page(self) -> None:
        """The lines of the stream appear while the page is still loading."""
        tab = await self.chromium.open()
        await tab.ask("Page.navigate", url=f"{self.base}/connect/stream")
        parts = set()
        while "The same for programs" not in tab.html:
            # The document is replaced when the new page begins.
            with contextlib.suppress(DevToolsError):
                await tab.read()
            parts.add(tab.html.count("<li>Sent at"))
        self.assertEqual(tab.html.count("<li>Sent at"), 5)
        self.assertTrue(parts & {1, 2, 3, 4}, parts)
