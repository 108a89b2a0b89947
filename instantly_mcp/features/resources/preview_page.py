"""The page of the preview card: one document without data, links or controls.

Its data comes from the client in the message ``ui/notifications/tool-result``. The
extension has no other way, so the page needs a script. The script answers the client,
takes messages of the surrounding window only, and writes what it gets as text. It asks
the client for nothing: no call of a tool, no message, no link.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

REVISION = "2026-01-26"
"""The revision of the extension that the page speaks."""

STYLE = """
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; padding: .75rem 1rem; font: .95rem/1.5 system-ui, sans-serif;
  color: CanvasText; background: Canvas; overflow-wrap: anywhere; }
h1 { font-size: 1.1rem; margin: 0 0 .5rem; }
h2 { font-size: 1rem; margin: 1rem 0 .25rem; }
p, ul { margin: .5rem 0; }
ul { padding-left: 1.2rem; }
pre { margin: 0; padding: .5rem .75rem; border-left: 3px solid GrayText;
  font: inherit; white-space: pre-wrap; }
"""

SCRIPT = """
"use strict";
(() => {
  const host = window.parent;
  if (host === window) return;
  let started = false;
  const part = (id) => document.getElementById(id);
  const send = (message) => host.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const list = (value) => (Array.isArray(value) ? value : []);
  const made = (name, text) => {
    const element = document.createElement(name);
    element.textContent = String(text ?? "");
    return element;
  };
  const show = (result) => {
    const preview = result?.structuredContent?.error?.preview;
    const found = typeof preview?.says === "string";
    part("title").textContent = found ? preview.says : "Preview";
    part("facts").replaceChildren(
      ...list(found && preview.shows).map((fact) => made("li", fact)));
    part("texts").replaceChildren(
      ...list(found && preview.texts).flatMap((each) => [
        made("h2", `${each?.says}: written by other people or by the model`),
        made("pre", each?.text)]));
    part("none").hidden = found;
  };
  const dress = (context) => {
    if (context?.theme === "light" || context?.theme === "dark")
      document.documentElement.style.colorScheme = context.theme;
  };
  const start = (context) => {
    started = true;
    dress(context);
    send({ method: "ui/notifications/initialized", params: {} });
    new ResizeObserver(() => send({
      method: "ui/notifications/size-changed",
      params: { height: Math.ceil(document.documentElement.offsetHeight) },
    })).observe(document.documentElement);
  };
  const answers = ["ping", "ui/resource-teardown"];
  window.addEventListener("message", (event) => {
    if (event.source !== host || event.data?.jsonrpc !== "2.0") return;
    const { id, method, params, result } = event.data;
    if (method === "ui/notifications/tool-result") show(params);
    else if (method === "ui/notifications/host-context-changed") dress(params);
    else if (method === undefined && id === 1 && result && !started)
      start(result.hostContext);
    else if (method !== undefined && id !== undefined)
      send(answers.includes(method) ? { id, result: {} }
        : { id, error: { code: -32601, message: "Method not found" } });
  });
  send({ id: 1, method: "ui/initialize", params: {
    protocolVersion: "REVISION",
    appInfo: { name: "instantly-mcp preview", version: "1" },
    appCapabilities: { availableDisplayModes: ["inline"] },
  } });
})();
""".replace("REVISION", REVISION)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


CONTENT_POLICY = (
    f"default-src 'none'; script-src {_hash(SCRIPT)}; style-src {_hash(STYLE)}; "
    "base-uri 'none'; form-action 'none'"
)
"""Stricter than what the extension asks of clients: no other script, no network."""

PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview</title>
<style>{STYLE}</style>
</head>
<body>
<h1 id="title">Preview</h1>
<ul id="facts"></ul>
<div id="texts"></div>
<p id="none">There is no preview to show. The text of the result has everything.</p>
<p>This card only shows. Confirming happens in the conversation, or with the operator's
approver.</p>
<script>{SCRIPT}</script>
</body>
</html>
"""
