"""Requests that the sandbox refuses: keys, routes, bodies, rate limits."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.catalog.operation import Limit
from instantly_mcp.sandbox.dispatch import is_simulated
from instantly_mcp.sandbox.rate_limits import SlidingWindow
from instantly_mcp.sandbox.workspaces import FOREIGN_KEY_MESSAGE, Sandbox
from tests.support.reference import NO_OPENAPI, OPENAPI

from .calls import SandboxTestCase, reply_schema

JSON = {"content-type": "application/json"}


class CatalogTests(SandboxTestCase):
    def test_every_operation(self) -> None:
        """Every operation of the catalog is simulated."""
        missing = [each.id for each in OPERATIONS if not is_simulated(each)]
        fix = "add a behavior in sandbox/behaviors for each of these operations"
        self.assertEqual(missing, [], fix)

    def test_openapi_at_hand(self) -> None:
        """The vendor's schema of every reply compiles, so replies are checked."""
        if not OPENAPI.exists():
            self.skipTest(NO_OPENAPI)
        for operation in OPERATIONS:
            self.assertIsNotNone(reply_schema(operation.id))


class KeyTests(SandboxTestCase):
    def test_live_key(self) -> None:
        """A key of another kind is refused with a reason, and never stored."""
        live = "bGl2ZS1rZXktY2FuYXJ5"
        message = self.refused(
            401, "GET", "/campaigns", headers={"authorization": f"Bearer {live}"}
        )
        self.assertEqual(message, FOREIGN_KEY_MESSAGE)
        self.assertNotIn(live, repr(self.sandbox))
        self.assertEqual(len(self.sandbox._workspaces), 0)

    def test_no_key(self) -> None:
        """No key, another scheme, an overlong key: 401."""
        for given in (
            "",
            "Basic c2FuZGJveA==",
            "Bearer ",
            "Bearer sandbox" + "x" * 200,
        ):
            headers = {"authorization": given}
            self.refused(401, "GET", "/campaigns", headers=headers)

    def test_any_sandbox_key(self) -> None:
        """Any key that begins with ``sandbox`` is accepted, in any case of Bearer."""
        for given in ("Bearer sandbox", "bearer sandbox-42"):
            headers = {"authorization": given}
            self.ok("GET", "/campaigns", headers=headers)


class RouteTests(SandboxTestCase):
    def test_unknown_route(self) -> None:
        """An unknown path is a 404 in the envelope, a wrong method a 405."""
        message = self.refused(404, "GET", "/nothing")
        self.assertEqual(message, "Route GET:/api/v2/nothing not found")
        self.refused(405, "PUT", "/campaigns")
        self.refused(404, "GET", "//campaigns")
        self.refused(404, "GET", "/emails/threads//mark-as-read")

    def test_undecodable_path(self) -> None:
        """A path that is not UTF-8 is a 400 in the envelope."""
        self.refused(400, "GET", "/campaigns/%FF")

    def test_a_bug_is_a_500(self) -> None:
        """A bug of the sandbox is logged and answered like a bug of the API."""
        self.world().campaigns["broken"] = "no campaign"
        self.assertEqual(
            self.refused(500, "GET", "/campaigns/broken/sending-status"),
            "Something went wrong",
        )
        self.assertEqual(len(self.flushLoggedErrors(AttributeError)), 1)


class BodyTests(SandboxTestCase):
    def post(self, status: int, content: bytes, **headers: str) -> str:
        """Post raw bytes to POST /lead-lists."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.refused(
            status, "POST", "/lead-lists", content=content, headers=given
        )

    def test_empty_json_body(self) -> None:
        """An empty body with a JSON content type is refused by every operation."""
        message = self.post(400, b"", content_type="application/json")
        self.assertIn("cannot be empty", message)
        id = self.campaign()["id"]
        for method, path in (
            ("POST", f"/campaigns/{id}/activate"),
            ("POST", f"/campaigns/{id}/pause"),
            ("DELETE", f"/campaigns/{id}"),
        ):
            self.refused(400, method, path, content=b"", headers=JSON)
        self.refused(400, "DELETE", f"/campaigns/{id}", {"reason": 1})
        self.ok("DELETE", f"/campaigns/{id}")

    def test_media_type_and_syntax(self) -> None:
        """Another media type is a 415; broken or too deep JSON is a 400."""
        self.post(415, b"name=x", content_type="application/x-www-form-urlencoded")
        self.post(415, b"{}")
        self.post(400, b'{"name":', content_type="application/json")
        self.post(400, b"[" * 300 + b"]" * 300, content_type="application/json")
        self.post(400, b"null", content_type="application/json")
        self.post(400, b"[]", content_type="application/json; charset=utf-8")

    def test_too_large(self) -> None:
        """A body beyond ten megabytes is a 413."""
        self.post(413, b" " * (10 * 1024 * 1024 + 1), content_type="application/json")

    def test_values_are_not_echoed(self) -> None:
        """Messages name the field and the rule, never the value."""
        body = {"name": {"canary": "canary"}}
        message = self.refused(400, "POST", "/lead-lists", body)
        self.assertEqual(message, "body/name must be string")

    def test_rules_in_words(self) -> None:
        """Types, enumerations, limits and formats are refused by name."""
        path = "/accounts/nora%40hale.example.com"
        for change, message in (
            ({"sending_gap": 1441}, "body/sending_gap must be <= 1440"),
            ({"sending_gap": -1}, "body/sending_gap must be >= 0"),
            ({"daily_limit": "5"}, "body/daily_limit must be number,null"),
            (
                {"warmup": {"increment": 3}},
                "body/warmup/increment must be string",
            ),
            (
                {"warmup": {"increment": "9"}},
                "body/warmup/increment must be equal to one of the allowed values",
            ),
            ({"reply_to": "x"}, 'body/reply_to must match format "email"'),
            ({}, "body must NOT have fewer than 1 properties"),
        ):
            self.assertEqual(self.refused(400, "PATCH", path, change), message)

    def test_open_bodies(self) -> None:
        """An operation whose body is not closed ignores unknown fields."""
        self.ok("POST", "/leads/list", {"list_ids": ["x"], "limit": 1})


class RateTests(SandboxTestCase):
    def setUp(self) -> None:
        """Use a sandbox that applies the rate limits."""
        super().setUp()
        self.sandbox = Sandbox(self.clock)
        self.agent = type(self.agent)(self.sandbox, self.clock)

    def statuses(self, count: int, path: str = "/emails/unread/count") -> list[int]:
        """Make many requests at one moment."""
        return [self.ask("GET", path).status for _ in range(count)]

    def test_a_hundred_a_second(self) -> None:
        """The call after the hundredth within a second is a 429, in the envelope."""
        self.assertEqual(self.statuses(100), [200] * 100)
        got = self.ask("GET", "/emails/unread/count")
        self.assertEqual((got.status, got.json["statusCode"]), (429, 429))
        self.assertFalse(got.headers.hasHeader("retry-after"))
        self.clock.advance(1)
        self.assertEqual(self.statuses(1), [200])

    def test_twenty_lists_of_mail_a_minute(self) -> None:
        """GET /emails has its own limit, which does not apply to other calls."""
        self.assertEqual(self.statuses(21, "/emails"), [200] * 20 + [429])
        self.assertEqual(self.statuses(1), [200])
        self.clock.advance(60)
        self.assertEqual(self.statuses(1, "/emails"), [200])

    def test_a_limit_each_workspace(self) -> None:
        """The calls of one key do not count for another."""
        self.statuses(20, "/emails")
        self.key = "sandbox-other"
        self.assertEqual(self.statuses(1, "/emails"), [200])

    def test_any_window(self) -> None:
        """A limit holds in any period of its length, not only from full minute on."""
        window = SlidingWindow(Limit(calls=2, seconds=10.0))
        admitted = []
        for moment in (0.0, 9.0, 9.5, 10.0, 11.0, 18.9, 19.0):
            if window.has_room(moment):
                window.note(moment)
                admitted.append(moment)
        self.assertEqual(admitted, [0.0, 9.0, 10.0, 19.0])


class WorkspaceTests(SandboxTestCase):
    def test_keys_are_apart(self) -> None:
        """What one key does, another does not see."""
        self.ok("POST", "/lead-lists", {"name": "Mine"})
        self.key = "sandbox-2"
        names = [each["name"] for each in self.ok("GET", "/lead-lists")["items"]]
        self.assertNotIn("Mine", names)

    def test_workspace_header(self) -> None:
        """x-as-workspace names a workspace of its own below the same key."""
        header = {"x-as-workspace": "ws-1"}
        made = self.ok("POST", "/lead-lists", {"name": "Sub"}, headers=header)
        self.assertEqual(made["organization_id"], "ws-1")
        found = self.ok("GET", "/lead-lists", search="Sub")["items"]
        self.assertEqual(found, [])
        self.refused(400, "GET", "/campaigns", headers={"x-as-workspace": "x" * 201})

    def test_same_seed_same_bytes(self) -> None:
        """The same seed, clock and calls give the same bytes; another seed does not."""
        transcripts = [self.transcript(seed) for seed in (7, 7, 8)]
        self.assertEqual(transcripts[0], transcripts[1])
        self.assertNotEqual(transcripts[0], transcripts[2])

    def test_world_begins_at_its_first_moment(self) -> None:
        """A world begins at its first moment, whenever it is first used."""
        first = self.ask("GET", "/campaigns").body
        self.clock.advance(12345.678)
        self.sandbox.reset(self.key)
        self.assertEqual(self.ask("GET", "/campaigns").body, first)

    def test_least_recently_used_is_discarded(self) -> None:
        """Beyond the limit, the least recently used workspace is discarded."""
        self.sandbox.max_workspaces = 2
        for key in ("sandbox-a", "sandbox-b"):
            self.key = key
            self.ok("POST", "/lead-lists", {"name": "Kept"})
        self.key = "sandbox-a"
        self.ok("GET", "/lead-lists")
        self.key = "sandbox-c"
        self.ok("GET", "/lead-lists")
        for key, count in (("sandbox-a", 1), ("sandbox-b", 0)):
            self.key = key
            found = self.ok("GET", "/lead-lists", search="Kept")["items"]
            self.assertEqual(len(found), count, key)

    def test_reset(self) -> None:
        """Reset returns only the given key's workspace to its first moment."""
        before = self.ask("GET", "/lead-lists").body
        self.ok("POST", "/lead-lists", {"name": "Gone"})
        self.pass_time(days=3)
        self.assertEqual(
            self.ok("POST", "/sandbox/reset"), {"reset": True, "key": "sandbox"}
        )
        self.assertEqual(self.ask("GET", "/lead-lists").body, before)
        self.assertEqual(self.ok("GET", "/sandbox/outbox")["items"], [])

    def transcript(self, seed: int) -> list[bytes]:
        """Return the replies of a new sandbox to a series of requests."""
        self.clock = Clock()
        self.sandbox = Sandbox(self.clock, seed=seed)
        self.agent = type(self.agent)(self.sandbox, self.clock)
        story: list[bytes] = []

        def ask(*request: Any, **query: Any) -> Any:
            got = self.ask(*request, **query)
            story.append(got.body)
            return got.json

        id = self.campaign()["id"]
        leads = [{"email": f"p{number}@example.org"} for number in range(40)]
        ask("POST", "/leads/add", {"campaign_id": id, "leads": leads})
        ask("POST", f"/campaigns/{id}/activate")
        self.clock.advance(40 * 3600.0)
        ask("GET", "/emails", limit=100)
        ask("GET", "/campaigns/analytics")
        ask("POST", "/leads/list", {"limit": 100})
        ask("GET", "/accounts")
        return story
