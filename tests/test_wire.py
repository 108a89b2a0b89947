"""The schema check of the tests finds invalid messages."""

from __future__ import annotations

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from instantly_mcp._json_codec import Json
from tests.support import wire
from tests.support.messages import LEGACY_VERSIONS, MODERN_VERSION
from tests.support.reference import NO_MCP_SCHEMAS


class WireTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Skip where the schemas are missing."""
        if not wire.AVAILABLE:
            raise SkipTest(NO_MCP_SCHEMAS)

    def assertUnfit(self, revision: str, message: Json, method: str | None) -> None:
        """The message does not fit the schema."""
        with self.assertRaises(wire.Unfit):
            wire.check_message(revision, message, method)

    def test_frames(self) -> None:
        """A message without version, with a null id, or in an array is unfit."""
        for revision in (*LEGACY_VERSIONS, MODERN_VERSION):
            with self.subTest(revision=revision):
                self.assertUnfit(revision, {"id": 1, "result": {}}, None)
                broken: Json = {"jsonrpc": "2.0", "id": None, "result": {}}
                self.assertUnfit(revision, broken, None)
                self.assertUnfit(revision, [], None)

    def test_results(self) -> None:
        """A result without a required member, or of an unknown method, is unfit."""
        for revision in (*LEGACY_VERSIONS, MODERN_VERSION):
            with self.subTest(revision=revision):
                answer: Json = {"jsonrpc": "2.0", "id": 1, "result": {"tool": []}}
                self.assertUnfit(revision, answer, "tools/list")
                self.assertUnfit(revision, answer, "unknown/method")

    def test_era(self) -> None:
        """Members of the modern envelope are invalid before it, and required in it."""
        plain: Json = {"jsonrpc": "2.0", "id": 1, "result": {"content": []}}
        result = {"content": [], "resultType": "complete"}
        modern: Json = {"jsonrpc": "2.0", "id": 1, "result": result}
        for revision in LEGACY_VERSIONS:
            wire.check_message(revision, plain, "tools/call")
            self.assertUnfit(revision, modern, "tools/call")
        wire.check_message(MODERN_VERSION, modern, "tools/call")
        self.assertUnfit(MODERN_VERSION, plain, "tools/call")

    def test_empty_results(self) -> None:
        """ping answers exactly an empty object."""
        answer: Json = {"jsonrpc": "2.0", "id": 1, "result": {"_meta": {}}}
        for revision in LEGACY_VERSIONS:
            self.assertUnfit(revision, answer, "ping")

    def test_notifications(self) -> None:
        """An unknown notification and one without its params are unfit."""
        for method in ("notifications/nothing", "notifications/progress"):
            message: Json = {"jsonrpc": "2.0", "method": method, "params": {}}
            for revision in (*LEGACY_VERSIONS, MODERN_VERSION):
                self.assertUnfit(revision, message, None)

    def test_requests(self) -> None:
        """A modern client is never sent a request."""
        message: Json = {"jsonrpc": "2.0", "id": 1, "method": "roots/list"}
        wire.check_message("2025-11-25", message)
        self.assertUnfit(MODERN_VERSION, message, None)

    def test_tasks(self) -> None:
        """A task with the payload of another status is unfit."""
        task: dict[str, Json] = {
            "taskId": "0123456789abcdefghijkl",
            "status": "working",
            "createdAt": "2026-09-21T14:13:20.000Z",
            "lastUpdatedAt": "2026-09-21T14:13:20.000Z",
            "ttlMs": 1000,
        }
        answer: dict[str, Json] = {"jsonrpc": "2.0", "id": 1}
        created = {**answer, "result": {**task, "resultType": "task"}}
        shown = {**answer, "result": {**task, "resultType": "complete"}}
        wire.check_message(MODERN_VERSION, created, "tools/call")
        wire.check_message(MODERN_VERSION, shown, "tasks/get")
        self.assertUnfit(MODERN_VERSION, shown, "tasks/update")
        self.assertUnfit(MODERN_VERSION, created, "tasks/get")
        self.assertUnfit("2025-11-25", created, "tools/call")
        shown["result"] = {**task, "resultType": "complete", "result": {}}
        self.assertUnfit(MODERN_VERSION, shown, "tasks/get")
        notified = {"jsonrpc": "2.0", "method": "notifications/tasks", "params": task}
        wire.check_message(MODERN_VERSION, notified)
        notified["params"] = {**task, "status": "done"}
        self.assertUnfit(MODERN_VERSION, notified, None)
