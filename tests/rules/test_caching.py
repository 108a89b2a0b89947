"""Caching: ttlMs and cacheScope on every result that a client may cache."""

from __future__ import annotations

from instantly_mcp._json_codec import Json
from tests.support.messages import call, modern, request
from tests.support.servers import BOB

from .everything import RulesTestCase
from .test_lists import LISTS


class CachingTests(RulesTestCase):
    def test_what_may_be_kept(self) -> None:
        """discover, the four lists and resources/read have ttlMs and cacheScope."""
        for message in (
            request("server/discover"),
            *[request(method) for method, _, _ in LISTS],
            request("resources/read", {"uri": "test://static-text"}),
            request("resources/read", {"uri": "test://own"}),
        ):
            with self.subTest(method=message["method"]):
                result = self.ask(message).result
                self.assertIsInstance(result["ttlMs"], int)
                self.assertGreaterEqual(result["ttlMs"], 0)
                self.assertIn(result["cacheScope"], ("public", "private"))

    def test_what_may_not(self) -> None:
        """Results of tools, prompts and completions have neither."""
        argument = {"name": "letter", "value": ""}
        ref = {"type": "ref/prompt", "name": "letter"}
        for message in (
            call("hello"),
            request("prompts/get", {"name": "test_simple_prompt"}),
            request("completion/complete", {"ref": ref, "argument": argument}),
        ):
            result = self.ask(message).result
            self.assertNotIn("ttlMs", result)
            self.assertNotIn("cacheScope", result)

    def test_private(self) -> None:
        """A result with scope private depends on the caller."""
        message = request("resources/read", {"uri": "test://own"})
        ada = self.ask(message).result
        bob = self.rig.send_modern(modern(message), key=BOB).result
        self.assertEqual((ada["cacheScope"], bob["cacheScope"]), ("private",) * 2)
        self.assertNotEqual(ada["contents"], bob["contents"])

    def test_public(self) -> None:
        """A result with scope public is identical with any key and without one."""
        for message in (
            request("server/discover"),
            *[request(method) for method, _, _ in LISTS],
            request("resources/read", {"uri": "test://static-text"}),
        ):
            with self.subTest(method=message["method"]):
                ada = self.ask(message).result
                self.assertEqual(ada["cacheScope"], "public")
                for key in (BOB, None):
                    other = self.rig.send_modern(modern(message), key=key)
                    self.assertEqual(other.result, ada)

    def test_same_scope_on_all_pages(self) -> None:
        """Each page has its own ttlMs, and the same scope as the first."""
        self.rig = self.make_rig(page_size=3)
        for method, _, _ in LISTS:
            params: Json = {}
            scopes: list[str] = []
            while True:
                page = self.ask(request(method, params)).result
                self.assertIsInstance(page["ttlMs"], int)
                scopes.append(page["cacheScope"])
                if "nextCursor" not in page:
                    break
                params = {"cursor": page["nextCursor"]}
            self.assertEqual(set(scopes), {"public"})

    def test_nothing_of_it_before(self) -> None:
        """Results of the legacy era have neither ttlMs nor cacheScope."""
        for version in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
            client = self.client(version)
            for message in (
                request("tools/list"),
                request("resources/list"),
                request("resources/read", {"uri": "test://static-text"}),
                call("hello"),
            ):
                result = client.ask(message).result
                found = {"ttlMs", "cacheScope", "resultType"} & result.keys()
                self.assertEqual(found, set())
                self.assertNotIn("serverInfo", repr(result.get("_meta")))
