"""The preview card in a real browser, in the frame of a client that shows cards."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site
from twisted.web.static import Data

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import Json, JsonObject, dumps
from instantly_mcp.access.preview import Preview
from instantly_mcp.features.consent.previews.showing import result_object
from instantly_mcp.features.output import tool_failure
from instantly_mcp.features.resources.preview_page import PAGE
from instantly_mcp.protocol.primitives.listing import render_result
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.chromium import Chromium, Tab
from tests.support.programs import CHROMIUM, requires
from tests.support.timing import PATIENCE_SECONDS

HOSTILE = (
    '<img src=x onerror="parent.attacked=1"><script>parent.attacked=1</script>'
    "<button>Confirm</button><a href='https://evil.example'>Approve here</a>"
)
PREVIEW = Preview(
    title="Send a reply.",
    facts=(
        ("Workspace", "Ours"),
        ("To", "lead@theirs.example"),
        ("Price in credits", "1"),
        ("In answer to", HOSTILE),
        ("One long word", "x" * 400),
    ),
    untrusted=(("Text of the reply", f"Yes,\n{HOSTILE}"),),
)
CONTROLS = "a, button, input, select, textarea, form, img, iframe, object, [onerror]"

CLIENT = """<!DOCTYPE html><title>client</title>
<meta name="viewport" content="width=device-width">
<style>body { margin: 0 } iframe { width: 100%; border: 0 }</style><script>
const heard = [], answered = {};
const frame = document.createElement("iframe");
let begun;
const ready = new Promise((resolve) => { begun = resolve; });
const say = (message) =>
  frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
const ask = (id, method) => new Promise((resolve) => {
  answered[id] = resolve;
  say({ id, method, params: {} });
});
addEventListener("message", ({ source, data }) => {
  if (source !== frame.contentWindow) return;
  heard.push(data);
  if (data.method === "ui/initialize")
    say({ id: data.id, result: { protocolVersion: "2026-01-26",
      hostInfo: { name: "tests", version: "1" }, hostCapabilities: {},
      hostContext: { theme: "dark" } } });
  if (data.method === "ui/notifications/initialized") begun();
  if (data.method === "ui/notifications/size-changed")
    frame.style.height = data.params.height + "px";
  if (data.id in answered && !data.method) answered[data.id](data);
});
addEventListener("DOMContentLoaded", () => {
  frame.sandbox = "allow-scripts allow-same-origin";
  frame.src = "/card";
  document.body.append(frame);
});
</script><body></body>"""

OTHER_WINDOW = """
new Promise((resolve) => {
  const other = document.createElement("iframe");
  other.srcdoc = `<script>
    parent.frames[0].postMessage(MESSAGE, "*"); parent.postMessage("sent", "*");
  </` + `script>`;
  addEventListener("message", ({ data }) => data === "sent" && resolve());
  document.body.append(other);
})"""

FITS = """
new Promise((done) => {
  const look = () => {
    const needed = frame.contentDocument.documentElement.offsetHeight;
    if (needed > 300 && frame.clientHeight === needed) done();
    else requestAnimationFrame(look);
  };
  look();
})"""
"""Waits until the frame is as high as the content."""

CSP = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self' data:; connect-src 'none'"
)
"""What clients send with a page by default, as the extension states it."""


class CardResource(Data):
    """The page as a client serves it to its frame."""

    def render_GET(self, request: Any) -> Any:
        """Add the policy."""
        request.setHeader("Content-Security-Policy", CSP)
        return super().render_GET(request)


def result_of(preview: Preview) -> Json:
    """Return the result of a call that must be confirmed."""
    error = {
        "code": "confirmation_required",
        "message": "Nothing was sent.",
        "hint": "Show the preview to the user and ask.",
        "preview": result_object(preview),
        "confirm_token": "a-secret-token",
    }
    return render_result(tool_failure(error), V2025_11_25)


@requires(CHROMIUM)
class CardTests(TestCase):
    """What a person sees in a client that speaks its side of the protocol."""

    timeout = PATIENCE_SECONDS
    reactor: Any = reactor

    def setUp(self) -> None:
        """Serve a client's page and the card, and start a browser."""
        root = Resource()
        root.putChild(b"", Data(CLIENT.encode(), "text/html; charset=utf-8"))
        root.putChild(b"card", CardResource(PAGE.encode(), "text/html; charset=utf-8"))
        port = self.reactor.listenTCP(0, Site(root), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.base = f"http://localhost:{port.getHost().port}"
        self.chromium = Chromium.start(self, self.reactor)

    async def shown(self, width: int = 1000) -> Tab:
        """Open the client, and wait until the card has introduced itself."""
        tab = await self.chromium.open(width=width, scripts=True)
        await tab.go(f"{self.base}/")
        await tab.value("ready")
        return tab

    async def tell(self, tab: Tab, result: Json) -> None:
        """Hand a result to the card, and wait until it has taken it."""
        given = dumps({"method": "ui/notifications/tool-input", "params": {}})
        told = dumps({"method": "ui/notifications/tool-result", "params": result})
        await tab.value(f"say({given.decode()}); say({told.decode()});")
        answer = await tab.value("ask(99, 'ping')")
        self.assertEqual(answer, {"jsonrpc": "2.0", "id": 99, "result": {}})

    def inside(self, tab: Tab, expression: str) -> Deferred[Any]:
        """Return what an expression about the card's ``document`` is."""
        return tab.value(f"(({{document}}) => {expression})(frame.contentWindow)")

    @deferred
    async def test_preview(self) -> None:
        """It shows title, facts, price and the text of others, all of it as text."""
        tab = await self.shown()
        await self.tell(tab, result_of(PREVIEW))
        text = await self.inside(tab, "document.body.innerText")
        for said in (
            "Send a reply.",
            "Workspace: Ours",
            "To: lead@theirs.example",
            "Price in credits: 1",
            "Text of the reply: written by other people or by the model",
            "Confirming happens in the conversation",
            "Yes,",
        ):
            self.assertIn(said, text)
        self.assertNotIn("no preview", text)
        self.assertNotIn("a-secret-token", text)
        shown: JsonObject = result_object(PREVIEW)
        body = await self.inside(tab, "document.querySelector('pre').textContent")
        self.assertEqual(body, shown["texts"][0]["text"])

    @deferred
    async def test_hostile_text(self) -> None:
        """Markup of other people stays text, also where nothing removed it before."""
        preview = {"says": HOSTILE, "shows": [HOSTILE]}
        preview["texts"] = [{"says": HOSTILE, "text": HOSTILE}]  # type: ignore[list-item]
        tab = await self.shown()
        await self.tell(tab, {"structuredContent": {"error": {"preview": preview}}})
        for part in ("h1", "li", "h2", "pre"):
            found = await self.inside(
                tab, f"document.querySelector('{part}').innerText"
            )
            self.assertIn(HOSTILE, found)
        count = f"document.querySelectorAll('{CONTROLS}').length"
        self.assertEqual(await self.inside(tab, count), 0)
        scripts = await self.inside(tab, "document.scripts.length")
        self.assertEqual(scripts, 1)
        self.assertIsNone(await tab.value("window.attacked"))

    @deferred
    async def test_what_it_says(self) -> None:
        """It introduces itself, reports its size, and asks the client for nothing."""
        tab = await self.shown()
        await self.tell(tab, result_of(PREVIEW))
        answer = await tab.value("ask(98, 'ui/resource-teardown')")
        self.assertEqual(answer["result"], {})
        answer = await tab.value("ask(97, 'tools/call')")
        self.assertEqual(answer["error"]["code"], -32601)
        heard = await tab.value("heard")
        methods = [each["method"] for each in heard if "method" in each]
        self.assertEqual(methods[:2], ["ui/initialize", "ui/notifications/initialized"])
        self.assertLessEqual(set(methods[2:]), {"ui/notifications/size-changed"})
        params = heard[0]["params"]
        self.assertEqual(params["protocolVersion"], "2026-01-26")
        self.assertEqual(
            params["appCapabilities"], {"availableDisplayModes": ["inline"]}
        )
        self.assertNotIn("a-secret-token", str(heard))

    @deferred
    async def test_other_windows(self) -> None:
        """A message of another window than the client's is ignored."""
        preview = {"says": "From elsewhere"}
        message = {
            "jsonrpc": "2.0",
            "method": "ui/notifications/tool-result",
            "params": {"structuredContent": {"error": {"preview": preview}}},
        }
        tab = await self.shown()
        await tab.value(OTHER_WINDOW.replace("MESSAGE", dumps(message).decode()))
        await tab.value("ask(99, 'ping')")
        text = await self.inside(tab, "document.body.innerText")
        self.assertNotIn("From elsewhere", text)
        self.assertIn("There is no preview to show", text)

    @deferred
    async def test_results_without_preview(self) -> None:
        """Other results, and malformed ones, show that there is no preview."""
        tab = await self.shown()
        for result in (
            {"content": [{"type": "text", "text": "sent"}]},
            {"structuredContent": {"error": {"code": "x", "preview": "text"}}},
            {"structuredContent": {"error": {"preview": {"says": 1, "shows": 2}}}},
            None,
        ):
            await self.tell(tab, result_of(PREVIEW))
            await self.tell(tab, result)
            text = await self.inside(tab, "document.body.innerText")
            self.assertIn("The text of the result has everything", text, result)
            self.assertNotIn("Ours", text, result)

    @deferred
    async def test_theme(self) -> None:
        """It is dark or light as the client is, also when that changes."""
        tab = await self.shown()
        color = "getComputedStyle(document.body).color"
        dark = await self.inside(tab, color)
        changed = "{method: 'ui/notifications/host-context-changed', "
        await tab.value(f"say({changed} params: {{theme: 'light'}}}})")
        await tab.value("ask(99, 'ping')")
        light = await self.inside(tab, color)
        self.assertEqual((dark, light), ("rgb(255, 255, 255)", "rgb(0, 0, 0)"))

    @deferred
    async def test_phone(self) -> None:
        """It fits a phone; the frame gets the height that its content needs."""
        tab = await self.shown(width=360)
        await self.tell(tab, result_of(PREVIEW))
        await tab.value(FITS)
        wide = await self.inside(tab, "document.documentElement.scrollWidth")
        self.assertLessEqual(wide, 360)

    @deferred
    async def test_without_scripts(self) -> None:
        """Without scripts it says where everything is."""
        tab = await self.chromium.open()
        await tab.go(f"{self.base}/card")
        self.assertIn("The text of the result has everything", tab.text)
        self.assertIn("Confirming happens in the conversation", tab.text)
