"""The order of checks: of two errors the earlier one is answered.

Each check has one way to fail; a request that fails two of them, however far apart,
must be refused by the earlier. The modern era on /mcp, through every stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import define, field, frozen

from instantly_mcp._json_codec import Json, dumps
from tests.support.messages import META, call, modern, modern_headers

from .everything import RulesTestCase


@define
class Draft:
    """A valid request that tests make invalid in one place or in several."""

    message: dict[str, Json]
    headers: dict[str, str | Sequence[str]]
    body: bytes | None = None
    spoiled: set[str] = field(factory=set)

    @property
    def params(self) -> dict[str, Json]:
        """The params of the message."""
        params: dict[str, Json] = self.message["params"]
        return params

    @property
    def meta(self) -> dict[str, Json]:
        """The _meta of the params."""
        meta: dict[str, Json] = self.params["_meta"]
        return meta


Spoil: TypeAlias = Callable[[Draft], None]


@frozen
class Check:
    """One check: how to fail it, and the HTTP status and code of its answer."""

    name: str
    spoil: Spoil
    status: int
    code: int


def _set_header(name: str, value: str | Sequence[str]) -> Spoil:
    def spoil(draft: Draft) -> None:
        draft.headers[name] = value

    return spoil


def _no_json(draft: Draft) -> None:
    draft.body = b"{"


def _array(draft: Draft) -> None:
    draft.body = dumps([draft.message])


def _no_capabilities(draft: Draft) -> None:
    draft.meta.pop(META + "clientCapabilities", None)


def _other_version(draft: Draft) -> None:
    draft.headers["mcp-protocol-version"] = "2027-01-01"


def _unsupported(draft: Draft) -> None:
    draft.meta[META + "protocolVersion"] = "v999.0.0"
    if "version header" not in draft.spoiled and "repeated" not in draft.spoiled:
        draft.headers["mcp-protocol-version"] = "v999.0.0"


def _unknown_method(draft: Draft) -> None:
    draft.message["method"] = "unknown/method"
    if "routing" not in draft.spoiled:
        draft.headers["mcp-method"] = "unknown/method"


def _no_task_client(draft: Draft) -> None:
    """Call a tool that must be a task without the tasks extension."""
    draft.params["name"] = "strict_sky"
    draft.headers["mcp-name"] = "strict_sky"


def _bad_shape(draft: Draft) -> None:
    draft.params["arguments"] = []
    del draft.headers["mcp-param-count"]


def _bad_state(draft: Draft) -> None:
    draft.params["requestState"] = "not ours"


CHECKS = (
    Check("origin", _set_header("origin", "https://evil.example"), 403, -32000),
    Check("content type", _set_header("content-type", "text/plain"), 415, -32000),
    Check("json", _no_json, 400, -32700),
    Check("single message", _array, 400, -32600),
    Check("envelope", _no_capabilities, 400, -32602),
    Check("repeated", _set_header("mcp-method", ["tools/call"] * 2), 400, -32020),
    Check("version header", _other_version, 400, -32020),
    Check("supported", _unsupported, 400, -32022),
    Check("routing", _set_header("mcp-method", "tools/list"), 400, -32020),
    Check("method known", _unknown_method, 404, -32601),
    Check("param header", _set_header("mcp-param-count", "43"), 400, -32020),
    Check("capability gate", _no_task_client, 400, -32021),
    Check("params", _bad_shape, 200, -32602),
    Check("request state", _bad_state, 200, -32602),
)
"""In the order of the specification."""

SAME_PLACE = {
    ("repeated", "routing"),
    ("json", "single message"),
    ("param header", "params"),
}
"""Pairs that change the same part, so that one request cannot fail both."""


class OrderTests(RulesTestCase):
    def draft(self) -> Draft:
        """Return a request that passes every check."""
        message = modern(call("sky", {"count": 42}, id=5))
        message["params"] = {**message["params"]}
        headers = {**modern_headers(message), "mcp-param-count": "42"}
        return Draft(message, headers)

    def answer(self, draft: Draft) -> tuple[int, int]:
        """Return HTTP status and code of the answer to a draft."""
        received = self.rig.send(
            None if draft.body is not None else draft.message,
            body=draft.body,
            with_headers=draft.headers,
            speaks="2026-07-28",
        )
        return received.status, received.messages[-1].get("error", {}).get("code", 0)

    def test_passes(self) -> None:
        """The unchanged request is served."""
        self.assertEqual(self.answer(self.draft()), (200, 0))

    def test_each(self) -> None:
        """Each check alone refuses with its code and its HTTP status."""
        for check in CHECKS:
            with self.subTest(check=check.name):
                draft = self.draft()
                check.spoil(draft)
                self.assertEqual(self.answer(draft), (check.status, check.code))

    def test_every_pair(self) -> None:
        """Of any two checks that fail, the earlier one answers."""
        for index, earlier in enumerate(CHECKS):
            for later in CHECKS[index + 1 :]:
                if (earlier.name, later.name) in SAME_PLACE:
                    continue
                with self.subTest(earlier=earlier.name, later=later.name):
                    draft = self.draft()
                    draft.spoiled = {earlier.name, later.name}
                    later.spoil(draft)
                    earlier.spoil(draft)
                    expected = (earlier.status, earlier.code)
                    self.assertEqual(self.answer(draft), expected)

    def test_nothing_ran(self) -> None:
        """No refusal runs the tool that was called."""
        of_another_tool = {"param header", "capability gate"}
        for check in CHECKS:
            draft = self.draft()
            draft.params["name"] = draft.headers["mcp-name"] = "hello"
            draft.params["arguments"] = {}
            if check.name not in of_another_tool:
                check.spoil(draft)
                self.assertEqual(self.answer(draft), (check.status, check.code))
        self.assertEqual(self.rig.small.ran, [])
