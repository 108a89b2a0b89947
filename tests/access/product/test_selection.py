"""The whole daemon: what a request asks to be limited to, and what it then gets."""

from __future__ import annotations

from itertools import product

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp._rights import Level
from tests.support.messages import call, initialize, request

from .answering import ACCEPT, ASKABLE
from .memory_daemon import MemoryDaemon
from .ways import KEY, Caller, error_of, outcome, send_modern

LEVELS = {"": Level.FULL, "readonly": Level.READ_ONLY, "draft": Level.DRAFT}
LIST = request("tools/list", {})


class SelectionTestCase(SynchronousTestCase):
    settings: dict[str, str] = {}

    def setUp(self) -> None:
        """Start a daemon."""
        self.daemon = MemoryDaemon(**self.settings)
        self.addCleanup(self.daemon.stop)
        self.caller = Caller(daemon=self.daemon)

    def listed(self, **limits: object) -> set[str]:
        """Return the names of the tools that a limited caller sees."""
        found = send_modern(self.caller.with_(**limits), LIST)["result"]
        return {tool["name"] for tool in found["tools"]}

    def refused(self, **limits: object) -> None:
        """Check that each era is refused with 400, and that nothing was sent."""
        caller = self.caller.with_(**limits)
        for message in (LIST, initialize(), call("list_leads", {})):
            answer = caller.post(message)
            self.assertEqual(answer.status, 400, limits)
            data = answer.reply()["error"]["data"]
            self.assertEqual(data["reason"], "selection_unknown")
        self.assertEqual(self.daemon.writes(KEY), [])


class FullTests(SelectionTestCase):
    def test_each_place_limits_the_list(self) -> None:
        """Path, header and query limit what is listed; the lowest level counts."""
        by_level = {
            level: self.listed(headers={"X-MCP-Access": level.value}) for level in Level
        }
        draft = by_level[Level.DRAFT]
        self.assertLess(by_level[Level.READ_ONLY], draft)
        self.assertLess(draft, by_level[Level.FULL])
        for path, header, query in product(LEVELS, LEVELS, LEVELS):
            named = [LEVELS[path], LEVELS[header], LEVELS[query]]
            lowest = min(named, key=lambda level: level.rank)
            seen = self.listed(
                path=f"/{path}" if path else "",
                headers={"X-MCP-Access": LEVELS[header].value},
                query={"access": LEVELS[query].value},
            )
            self.assertEqual(seen, by_level[lowest], (path, header, query))

    def test_scope(self) -> None:
        """The list of a limited caller is private; that of all others is public."""
        for limits, scope in (
            ({}, "public"),
            ({"path": "/draft"}, "private"),
            ({"query": {"toolsets": "leads"}}, "private"),
        ):
            found = send_modern(self.caller.with_(**limits), LIST)["result"]
            self.assertEqual(found["cacheScope"], scope)

    def test_a_state_belongs_to_its_rights(self) -> None:
        """A request state of one selection is not accepted under another one."""
        lead = next(iter(self.daemon.world(KEY).leads))
        full = self.caller.with_(capabilities=ASKABLE)
        limited = full.with_(path="/x/leads")
        message = call("delete_lead", {"lead_id": lead})
        for first, second in ((full, limited), (limited, full)):
            asked = outcome(send_modern(first, message))
            self.assertEqual(asked["resultType"], "input_required")
            more: JsonObject = {
                "requestState": asked["requestState"],
                "inputResponses": dict.fromkeys(asked["inputRequests"], ACCEPT),
            }
            retry = {**message, "params": {**message["params"], **more}}
            refused = send_modern(second, retry)
            self.assertEqual(refused["error"]["code"], -32602)
            self.assertEqual(self.daemon.writes(KEY), [])
        done = outcome(send_modern(limited, retry))
        self.assertNotIn("error", error_of(done))
        self.assertEqual(self.daemon.writes(KEY), ["deleteLead"])

    def test_what_is_not_enabled(self) -> None:
        """A tool of another toolset is refused, by its older name as well."""
        for tool in ("get_account", "get_account_info", "manage_account_state"):
            refused = outcome(
                self.caller.with_(path="/x/leads").post(call(tool, {})).reply()
            )
            self.assertEqual(error_of(refused)["code"], "not_enabled", tool)


class LimitedServerTests(SelectionTestCase):
    settings = {"access": "draft", "toolsets": "leads,emails"}

    def test_the_settings_bind(self) -> None:
        """No request widens what the settings limit."""
        most = self.listed()
        for limits in (
            {"headers": {"X-MCP-Access": "full", "X-MCP-Toolsets": "all"}},
            {"path": "/x/all/full"},
            {"query": {"access": "full", "toolsets": "leads,emails"}},
        ):
            self.assertEqual(self.listed(**limits), most)
        self.assertIn("update_lead", most)
        self.assertNotIn("delete_lead", most)
        self.assertNotIn("list_campaigns", most)
        only = self.listed(path="/x/emails/readonly")
        self.assertLess(only, most)
        self.assertNotIn("list_leads", only)

    def test_unknown_values(self) -> None:
        """What this server does not know or offer is 400 in each place."""
        for value in ("campaigns", "nothing", "leads,campaigns", ""):
            self.refused(headers={"X-MCP-Toolsets": value})
            self.refused(query={"toolsets": value})
            if value:
                self.refused(path=f"/x/{value}")
        for value in ("write", "", "drafts"):
            self.refused(headers={"X-MCP-Access": value})
            self.refused(query={"access": value})
        self.refused(path="/readonly/draft")
        self.refused(headers={"X-MCP-Tools": "list_leads"})

    def test_what_the_server_does_not_offer(self) -> None:
        """A tool that the operator left out is not enabled on this server."""
        for tool in ("list_campaigns", "get_account_info"):
            refused = outcome(self.caller.post(call(tool, {})).reply())
            error = error_of(refused)
            self.assertEqual(error["code"], "not_enabled")
            self.assertIn("on this server", error["message"])
        for uri in ("instantly://accounts/a@example.com", "instantly://jobs/1"):
            read = request("resources/read", {"uri": uri})
            self.assertIn("error", self.caller.post(read).reply())
