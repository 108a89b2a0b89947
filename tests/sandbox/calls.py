"""The test case of the sandbox's tests; checks every reply against the OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from attrs import frozen
from jsonschema_rs import Draft202012Validator
from twisted.internet.defer import succeed
from twisted.web.client import readBody
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer, IResponse
from zope.interface import implementer

from instantly_mcp._json_codec import dumps, loads
from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.sandbox.agent import SandboxAgent
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.support.cases import ClockedTestCase
from tests.support.reference import OPENAPI

LEAST_CAMPAIGN = {
    "name": "Fast",
    "campaign_schedule": {
        "schedules": [
            {
                "name": "Always",
                "timing": {"from": "00:00", "to": "23:59"},
                "days": {str(day): True for day in range(7)},
                "timezone": "America/Danmarkshavn",
            }
        ]
    },
}
"""The smallest body that creates a campaign."""


@frozen
class Got:
    """One reply."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body."""
        return loads(self.body)


@implementer(IBodyProducer)
class Body:
    """A request body that is sent at once."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.length = len(content)

    def startProducing(self, consumer: Any) -> Any:
        """Write everything."""
        consumer.write(self.content)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Do nothing: the body was sent already."""

    def resumeProducing(self) -> None:
        """Do nothing: the body was sent already."""

    def stopProducing(self) -> None:
        """Do nothing: the body was sent already."""


class SandboxTestCase(ClockedTestCase):
    """A test with a sandbox and an agent; `ask` makes a request."""

    key = "sandbox"

    def setUp(self) -> None:
        """Build a sandbox on the test's clock."""
        super().setUp()
        self.sandbox = Sandbox(self.clock, seed=42, rate_limited=False)
        self.agent = SandboxAgent(self.sandbox, self.clock)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        **query: Any,
    ) -> Any:
        """Begin a request below ``/api/v2`` (or to an absolute path)."""
        given = {"authorization": f"Bearer {self.key}", **(headers or {})}
        if body is not None:
            given["content-type"] = "application/json"
            content = dumps(body)
        url = path if path.startswith("/sandbox") else f"/api/v2{path}"
        if query:
            url += "?" + urlencode(query, doseq=True)
        return self.agent.request(
            method.encode(),
            b"http://sandbox.invalid" + url.encode(),
            Headers({name: [value] for name, value in given.items()}),
            None if content is None else Body(content),
        )

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Got:
        """Make a request, and check a success against the vendor's schema."""
        checked = more.pop("checked", True)
        waiting = self.send(method, path, body, **more)
        response: IResponse = self.successResultOf(waiting)
        content = self.successResultOf(readBody(response))
        got = Got(response.code, response.headers, content)
        if checked and got.status < 300 and not path.startswith("/sandbox"):
            self.assert_as_documented(method, path, got)
        return got

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Make a request that must succeed, and return its JSON."""
        got = self.ask(method, path, body, **more)
        self.assertEqual(got.status, 200, got.body)
        return got.json

    def refused(
        self, status: int, method: str, path: str, body: Any = None, **more: Any
    ) -> str:
        """Make a request that must fail in the envelope; return its message."""
        got = self.ask(method, path, body, **more)
        self.assertEqual(got.status, status, got.body)
        self.assertEqual(sorted(got.json), ["error", "message", "statusCode"])
        self.assertEqual(got.json["statusCode"], status)
        return str(got.json["message"])

    def pages(self, method: str, path: str, **query: Any) -> list[list[Any]]:
        """Read all pages of a list, until an empty one or no cursor."""
        found: list[list[Any]] = []
        after: dict[str, Any] = {}
        cursors: set[str] = set()
        while True:
            given = {**query, **after}
            if method == "POST":
                reply = self.ok(method, path, given)
            else:
                reply = self.ok(method, path, **given)
            if not reply["items"]:
                return found
            found.append(reply["items"])
            if "next_starting_after" not in reply:
                return found
            cursor = reply["next_starting_after"]
            self.assertNotIn(cursor, cursors, "the same page comes again")
            cursors.add(cursor)
            after = {"starting_after": cursor}

    def pass_time(
        self, *, seconds: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Let time pass in the workspace."""
        self.sandbox.skip(seconds + 3600 * hours + 86400 * days, self.key)

    def world(self) -> Any:
        """Return the world of the test's key."""
        return self.sandbox.workspace(self.key).current_world()

    def campaign(self, **fields: Any) -> Any:
        """Create a campaign that may send at any hour."""
        step = {
            "type": "email",
            "delay": 1,
            "variants": [{"subject": "Hi {{firstName}}", "body": "One<br/>two"}],
        }
        given = {
            **LEAST_CAMPAIGN,
            "sequences": [{"steps": [step]}],
            "email_list": ["nora@hale.example.com"],
            "email_gap": 1,
            "open_tracking": True,
            **fields,
        }
        return self.ok("POST", "/campaigns", given)

    def lead_in(self, campaign_id: str, email: str, **fields: Any) -> Any:
        """Create a lead in a campaign."""
        given = {"campaign": campaign_id, "email": email, **fields}
        return self.ok("POST", "/leads", given)

    def assert_as_documented(self, method: str, path: str, got: Got) -> None:
        """Check a reply against the vendor's OpenAPI, if a copy is available."""
        if not OPENAPI.exists():
            return
        operation = operation_of(method, path)
        for error in reply_schema(operation).iter_errors(got.json):
            where = "/".join(str(part) for part in error.instance_path)
            self.fail(f"{operation}: {where}: {error.message}"[:500])


def in_path(value: str) -> str:
    """Percent-encode a path segment."""
    return quote(value, safe="")


def operation_of(method: str, path: str) -> str:
    """Return the operationId of a method and a path."""
    parts = f"/api/v2{path}".split("/")
    matches = [
        (sum(part.startswith("{") for part in each.path.split("/")), each.id)
        for each in OPERATIONS
        if each.method == method and _matches(each.path.split("/"), parts)
    ]
    return min(matches)[1]


@cache
def reply_schema(operation_id: str) -> Draft202012Validator:
    """Return the validator of an operation's successful reply."""
    document = _document()
    for methods in document["paths"].values():
        for operation in methods.values():
            if operation.get("operationId") == operation_id:
                responses = operation["responses"]
                content = (responses.get("200") or responses["202"])["content"]
                schema = content["application/json"]["schema"]
                whole = {"allOf": [schema], "components": document["components"]}
                return Draft202012Validator(whole, validate_formats=True)
    raise AssertionError(f"{operation_id} is not in the OpenAPI")


@cache
def _document() -> Any:
    return loads(OPENAPI.read_bytes())


def _matches(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        wanted.startswith("{") or wanted == part
        for wanted, part in zip(template, parts, strict=True)
    )
