"""The resource registry: the lists, who may read, and how reading fails."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import dumps
from instantly_mcp._rights import Level, Rights
from instantly_mcp.api.errors import Reason
from instantly_mcp.protocol.wire.versions import V2025_06_18, V2025_11_25, V2026_07_28
from tests.features.feature_cases import FeatureTestCase
from tests.features.resources.snapshot_files import FILE, text
from tests.support.instantly import api_error

PUBLIC = (
    "limits",
    "enums",
    "timezones",
    "webhook-events",
    "docs/deliverability-checklist",
    "schema/listCampaign",
)
PER_CALLER = ("policy",)
"""Readable without a key, but the rights of the caller decide what they say."""
PRIVATE = {
    "workspace": "getWorkspace",
    "campaigns/c1": "getCampaign",
    "campaigns/c1/preflight": "getCampaign",
    "campaigns/c1/analytics": "getCampaign",
    "leads/l1": "getLead",
    "lists/l1/scorecard": "getLeadList",
    "accounts/a%40example.com": "getAccount",
    "threads/t1": "listEmail",
    "jobs/j1": "getBackgroundJob",
}
"""Each private resource, and the operation that it needs."""


class ListTests(FeatureTestCase):
    def test_as_the_snapshot(self) -> None:
        """The lists equal their file; run the module snapshot_files after a change."""
        fix = (
            "if the change is intended, run"
            " `python -m tests.features.resources.snapshot_files` and review it"
        )
        self.assertEqual(text(), FILE.read_text("utf-8"), fix)

    def test_budget(self) -> None:
        """All three lists together cost a model no more than 4,000 tokens."""
        lists = ("resources/list", "resources/templates/list", "prompts/list")
        size = sum(len(dumps(self.ask(method, {}))) for method in lists)
        self.assertLess(size / 4, 4000, "shorten descriptions")

    def test_same_every_time(self) -> None:
        """A list has one order and one text."""
        again = [self.ask("resources/list", {}) for _ in range(2)]
        self.assertEqual(again[0], again[1])

    def test_names_are_unique(self) -> None:
        """No two resources or templates share a name."""
        registry = self.features.resources
        names = [each.name for each in registry.resources()]
        names += [each.name for each in registry.templates()]
        self.assertEqual(len(set(names)), len(names))

    def test_nothing_can_change(self) -> None:
        """The server declares no list changes, since the lists never change."""
        capabilities = self.server_features.capabilities(V2025_11_25)
        self.assertEqual(capabilities["prompts"], {})
        self.assertEqual(capabilities["resources"], {"subscribe": True})

    def test_every_uri_finds_its_own(self) -> None:
        """No template hides another one or a fixed resource."""
        for path in (*PUBLIC, *PER_CALLER, *PRIVATE):
            found = self.features.resources.find(f"instantly://{path}")
            assert found is not None, path
            self.assertEqual(found.described.private, path not in PUBLIC, path)


class ReadingTests(FeatureTestCase):
    def cached(self, path: str) -> tuple[str, int]:
        """Return the caching hints of a modern read."""
        uri = {"uri": f"instantly://{path}"}
        got = self.ask("resources/read", uri, revision=V2026_07_28)
        return got["cacheScope"], got["ttlMs"]

    def fails(self, path: str, reason: Reason, revision: Any = V2025_11_25) -> Any:
        """Return the error of reading while its operation fails."""
        self.instantly.answers(PRIVATE[path], api_error(reason, PRIVATE[path]))
        uri = {"uri": f"instantly://{path}"}
        return self.refusal("resources/read", uri, revision=revision)

    def test_public_ones_need_no_key(self) -> None:
        """Public facts can be read without a key and may be cached."""
        for path in PUBLIC:
            uri = {"uri": f"instantly://{path}"}
            self.ask("resources/read", uri, credential=None)
            self.assertEqual(self.cached(path), ("public", 3_600_000), path)
        self.assertEqual(self.instantly.ids, [])

    def test_no_cache_keeps_what_depends_on_rights(self) -> None:
        """What the rights of the caller decide is read without a key, but not shared.

        All other public resources say the same to callers of any rights.
        """
        seen = Rights(level=Level.READ_ONLY, toolsets=("leads",))
        for path in (*PUBLIC, *PER_CALLER):
            uri = {"uri": f"instantly://{path}"}
            every = self.ask("resources/read", uri)["contents"]
            narrow = self.ask("resources/read", uri, rights=seen)["contents"]
            self.assertEqual(every == narrow, path in PUBLIC, path)
        for path in PER_CALLER:
            uri = {"uri": f"instantly://{path}"}
            self.ask("resources/read", uri, credential=None)
            self.assertEqual(self.cached(path), ("private", 0), path)

    def test_private_ones_need_a_key(self) -> None:
        """Without a key nothing of a workspace is read, and Instantly is not called."""
        for path in PRIVATE:
            uri = {"uri": f"instantly://{path}"}
            error = self.refusal("resources/read", uri, credential=None)
            self.assertEqual((error.code, error.status), (-32001, 401), path)
        self.assertEqual(self.instantly.ids, [])

    def test_private_ones_are_marked(self) -> None:
        """Workspace data is never cached for others."""
        mail = {"id": "m", "thread_id": "t1", "subject": "S"}
        self.instantly.answers("listEmail", {"items": [mail]})
        for path in PRIVATE:
            self.assertEqual(self.cached(path), ("private", 0), path)

    def test_an_unknown_id(self) -> None:
        """What Instantly does not find is not found, with the code of each era."""
        for path in PRIVATE:
            for revision, code in (
                (V2025_06_18, -32002),
                (V2025_11_25, -32002),
                (V2026_07_28, -32602),
            ):
                error = self.fails(path, Reason.NOT_FOUND, revision)
                self.assertEqual(error.code, code, path)
                self.assertEqual(error.data, {"uri": f"instantly://{path}"})

    def test_a_failure_of_the_api(self) -> None:
        """A failed call is an error that says what, why, and what to do."""
        for path in PRIVATE:
            error = self.fails(path, Reason.RATE_LIMITED)
            self.assertEqual((error.code, error.status), (-32603, 200), path)
            self.assertEqual(error.data["code"], "rate_limited")
            self.assertIn("hint", error.data)

    def test_a_bad_id(self) -> None:
        """A bad request to Instantly is reported as invalid params."""
        for path in PRIVATE:
            error = self.fails(path, Reason.INVALID_REQUEST)
            self.assertEqual(error.code, -32602, path)
            self.assertEqual(error.data["code"], "invalid_request")

    def test_unknown_uris(self) -> None:
        """An unknown URI is not found; Instantly is not called."""
        for uri in (
            "instantly://nothing",
            "instantly://campaigns",
            "instantly://campaigns/",
            "instantly://campaigns/a/b",
            "instantly://campaigns/a?x=1",
            "instantly://campaigns/a/analytics?until=2026-01-01",
            "https://example.com/",
        ):
            error = self.refusal("resources/read", {"uri": uri})
            self.assertEqual(error.code, -32002, uri)
        self.assertEqual(self.instantly.ids, [])

    def test_a_large_one_is_cut(self) -> None:
        """No resource is larger than a tool's result may be."""
        fields = {f"field{n}": "x" * 1000 for n in range(300)}
        self.instantly.answers("getLead", {"id": "l1", "payload": fields})
        uri = {"uri": "instantly://leads/l1"}
        contents = self.ask("resources/read", uri)["contents"]
        self.assertLess(len(contents[0]["text"]), 101_000)
