"""The walk is complete: what can lead to a write, and is not walked, is a failure here.

When a test of this module fails, add the new thing to `WAYS` or `ATTEMPTS`, or say here
why it cannot write.
"""

from __future__ import annotations

import pkgutil

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp import transports
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.features.tools.deprecated import OLDER_NAMES
from instantly_mcp.web.app import WebApp
from instantly_mcp.web.site_app import SiteApp
from tests.support.messages import request

from .attempts import ATTEMPTS
from .memory_daemon import MemoryDaemon
from .oracle import everything, settings_of
from .ways import KEY, Caller, outcome, send_modern

WALKED_TRANSPORTS = {"streamable", "legacy_sse", "stdio"}
"""``stdio`` is walked in `test_stdio_walk`."""

PARTS_OF_STDIO = {"stdio_lines", "stdio_pipes"}
"""They carry bytes, and look into no message."""

OLD_NAMES_THAT_READ = {
    "get_account_details",
    "get_account_info",
    "get_campaign_analytics_overview",
    "validate_campaign_accounts",
}

MCP_ROUTES = {"/mcp", "/sse", "/messages"}

OTHER_POSTS = {"/register", "/sandbox", "/sandbox/<name>"}
"""Routes that accept POST and do not lead to Instantly: the first refuses always, and
the others exist for the simulation only."""


class EntryPointTests(SynchronousTestCase):
    """Every transport, route and tool is walked."""

    def setUp(self) -> None:
        """Start a daemon with all tools."""
        self.caller = Caller(daemon=MemoryDaemon(**settings_of(everything("allow"))))

    def listed(self, what: str) -> list[JsonObject]:
        """Return a list of the server."""
        key = what.split("/", maxsplit=1)[0]
        found = outcome(send_modern(self.caller, request(what)))
        rows: list[JsonObject] = found[key]
        return rows

    def test_transports(self) -> None:
        """There is no transport that the walk does not use."""
        found = {each.name for each in pkgutil.iter_modules(transports.__path__)}
        self.assertEqual(found - PARTS_OF_STDIO, WALKED_TRANSPORTS)

    def test_routes(self) -> None:
        """No other route accepts a message."""
        apps = (WebApp.app, SiteApp.app)
        rules = [rule for app in apps for rule in app.url_map.iter_rules()]
        posts = {
            "/" + rule.rule.split("/", 2)[1] if rule.rule != "/" else "/"
            for rule in rules
            if "POST" in (rule.methods or ()) and rule.rule not in OTHER_POSTS
        }
        self.assertEqual(posts, MCP_ROUTES)

    def test_tools(self) -> None:
        """Each tool that may write is attempted; also one that calls other tools."""
        attempted = {each.tool for each in ATTEMPTS}
        writing = {
            tool["name"]
            for tool in self.listed("tools/list")
            if not tool["annotations"]["readOnlyHint"]
        }
        self.assertLessEqual(writing, attempted)
        self.assertEqual(OLDER_NAMES.keys() - attempted, OLD_NAMES_THAT_READ)

    def test_prompts_and_resources(self) -> None:
        """Each prompt and each resource is read, and none of them writes."""
        world = self.caller.daemon.world(KEY)
        mail = next(each for each in world.emails.values() if each["ue_type"] == 2)
        values = {
            "campaign": next(iter(world.campaigns)),
            "list": next(iter(world.lists)),
            "lead": next(iter(world.leads)),
            "account": next(iter(world.accounts)),
            "thread": mail["thread_id"],
        }
        for prompt in self.listed("prompts/list"):
            given = {
                each["name"]: values[each["name"]]
                for each in prompt.get("arguments", ())
                if each.get("required")
            }
            params = {"name": prompt["name"], "arguments": given}
            self.reads("prompts/get", params)
        for resource in self.listed("resources/list"):
            self.reads("resources/read", {"uri": resource["uri"]})
        for path in (
            f"campaigns/{values['campaign']}",
            f"campaigns/{values['campaign']}/preflight",
            f"campaigns/{values['campaign']}/analytics",
            f"leads/{values['lead']}",
            f"lists/{values['list']}/scorecard",
            f"accounts/{values['account']}",
            f"threads/{values['thread']}",
        ):
            self.reads("resources/read", {"uri": f"instantly://{path}"})

    def reads(self, method: str, params: JsonObject) -> None:
        """Check that a request succeeds and writes nothing."""
        result = outcome(send_modern(self.caller, request(method, params)))
        self.assertNotIn("error", result, params)
        self.assertEqual(self.caller.daemon.writes(KEY), [], params)
