"""Writes outcomes and calls in formats that other programs read: JUnit, HAR, JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

from ... import __version__
from ..._json_codec import Json, JsonObject, dumps
from .verdict import SandboxCheck

API = "https://api.instantly.ai"
"""The host that the sandbox simulates, in the URLs of a HAR file."""
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(checks: Sequence[SandboxCheck], suite: str) -> str:
    """Return the outcomes as a JUnit XML file, which CI services show.

    :param suite: the name of the test suite.
    """
    failures = sum(not check.passed for check in checks)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuite name={_attribute(suite)} tests="{len(checks)}" '
        f'failures="{failures}" errors="0" skipped="0">',
        *(line for check in checks for line in _case(check, suite)),
        "</testsuite>",
    ]
    return "\n".join([*lines, ""])


def _case(check: SandboxCheck, suite: str) -> Iterator[str]:
    head = f"<testcase classname={_attribute(suite)} name={_attribute(check.name)}"
    if check.passed:
        yield f"  {head}/>"
        return
    first = check.problem.partition("\n")[0]
    yield f"  {head}>"
    yield f"    <failure message={_attribute(first)}>{_text(check.problem)}</failure>"
    yield "  </testcase>"


def _text(text: str) -> str:
    return escape(_NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def json_lines(calls: Sequence[JsonObject]) -> bytes:
    """Return the calls, one JSON object a line."""
    return b"".join(dumps(call) + b"\n" for call in calls)


def har(calls: Sequence[JsonObject]) -> bytes:
    """Return the API requests as an HTTP Archive 1.2.

    Calls of MCP tools are not HTTP requests to the API; they are in the member
    ``_tool_calls``. See http://www.softwareishard.com/blog/har-12-spec/.
    """
    log: JsonObject = {
        "version": "1.2",
        "creator": {"name": "instantly-mcp", "version": __version__},
        "entries": [_entry(call) for call in calls if call["kind"] == "request"],
        "_tool_calls": [call for call in calls if call["kind"] == "tool"],
    }
    return dumps({"log": log})


def _entry(call: JsonObject) -> JsonObject:
    url = API + str(call["url"])
    request: dict[str, Json] = {
        "method": call["method"],
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": "Authorization", "value": "Bearer ***"}],
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": -1,
    }
    if call.get("request") is not None:
        body = {"mimeType": "application/json", "text": _body(call["request"])}
        request["postData"] = body
    return {
        "startedDateTime": call["at"],
        "time": 0,
        "request": request,
        "response": _response(call),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "comment": f"request {call['number']}: {call['operation']}",
    }


def _response(call: JsonObject) -> JsonObject:
    text = _body(call.get("response"))
    content = {"size": len(text), "mimeType": "application/json", "text": text}
    return {
        "status": call["status"],
        "statusText": "" if call["fault"] is None else f"fault: {call['fault']}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _body(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(value).decode("utf-8")
