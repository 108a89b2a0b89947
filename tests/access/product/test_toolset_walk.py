"""The walk with toolsets: a tool that is not selected is not run, by any way."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.tokens.book import TokenTerms

from .attempts import ATTEMPTS
from .memory_daemon import MemoryDaemon
from .oracle import everything, settings_of
from .ways import KEY, WAYS, Caller, error_of

LEADS = frozenset(
    {
        "create_lead",
        "update_lead",
        "delete_lead",
        "add_leads_to_campaign_or_list_bulk",
        "move_leads_to_campaign_or_list",
        "create_lead_list",
        "update_lead_list",
        "delete_lead_list",
    }
)
"""The tools of the toolset ``leads`` that change something."""

ONLY_WITH_ALL = frozenset({"delete_lead_list"})
"""Tools for experts, which a setting offers with ``all`` only."""

STATED: Mapping[str, Mapping[str, object]] = {
    "header": {"headers": {"X-MCP-Toolsets": "leads"}},
    "query": {"query": {"toolsets": "leads"}},
    "path": {"path": "/x/leads"},
}
ALLOWED = settings_of(everything("allow"))


class ToolsetTests(SynchronousTestCase):
    """Only the toolset of leads is selected, and the policy allows everything."""

    def walk(
        self, caller: Caller, key: str, what: str, tools: frozenset[str] = LEADS
    ) -> None:
        """Make each attempt by each way; only calls of `tools` are carried out."""
        for way in WAYS:
            if way == "key as session" and caller.path:
                continue
            for attempt in ATTEMPTS:
                arguments = attempt.made(caller.daemon.world(key))
                result = WAYS[way](caller, attempt.tool, arguments)
                written = caller.daemon.writes(key)
                place = f"{what}, {way}, {attempt.name}: {result}"
                if attempt.tool in tools:
                    self.assertEqual(written, [attempt.operation], place)
                else:
                    self.assertEqual(written, [], place)
                    self.assertTrue("error" in result or error_of(result), place)

    def test_requests(self) -> None:
        """A request that selects a toolset gets its tools only."""
        daemon = MemoryDaemon(**ALLOWED)
        for what, stated in STATED.items():
            caller = Caller(daemon=daemon, **stated)  # type: ignore[arg-type]
            self.walk(caller, KEY, what)

    def test_setting(self) -> None:
        """What the operator does not offer cannot be selected."""
        daemon = MemoryDaemon(**{**ALLOWED, "toolsets": "leads"})
        listed = LEADS - ONLY_WITH_ALL
        self.walk(Caller(daemon=daemon), KEY, "setting", listed)

    def test_token(self) -> None:
        """The toolsets of a token bind its holder, also one that asks for more."""
        daemon = MemoryDaemon(**ALLOWED)
        terms = TokenTerms(name="Anna", toolsets=("leads",))
        _, value = self.successResultOf(daemon.books.tokens.issue(terms))
        wider = {"X-MCP-Toolsets": "campaigns,leads,emails,accounts"}
        for headers in ({}, wider):
            caller = Caller(daemon=daemon, key=value, headers=headers)
            self.walk(caller, "sandbox", "token")
