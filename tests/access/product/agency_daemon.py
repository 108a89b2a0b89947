"""A whole daemon for an agency: twenty workspaces under one admin key, and tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred

from instantly_mcp._json_codec import JsonObject, dumps
from instantly_mcp._rights import Level
from instantly_mcp.access.tokens.book import TokenTerms
from instantly_mcp.sandbox.agency import ADMIN_KEY, CLIENTS, Client
from instantly_mcp.sandbox.records import MailType
from instantly_mcp.sandbox.world import World
from tests.support.workspace_books import AGENCY, UNDER_AGENCY, KeyFiles

from .memory_daemon import MemoryDaemon
from .ways import Caller

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""The form of every id in the sandbox."""


def now(deferred: Deferred[Any]) -> Any:
    """Return the result of what has ended already."""
    results: list[Any] = []
    deferred.addCallback(results.append)
    return results[0]


class AgencyDaemon(MemoryDaemon):
    """A running daemon with the workspaces of the sandbox's agency.

    :ivar clients: the twenty clients by their aliases.
    """

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        self.clients: Mapping[str, Client] = {each.alias: each for each in CLIENTS}
        self.files = KeyFiles({"/keys/agency": ADMIN_KEY})
        self.books.workspaces.read_key = self.files
        now(self.books.workspaces.add([AGENCY, *UNDER_AGENCY]))

    def token(self, *aliases: str, level: Level = Level.FULL, name: str = "Ada") -> str:
        """Issue a token for these workspaces; return its value."""
        terms = TokenTerms(name=name, workspaces=aliases, level=level)
        _, value = now(self.books.tokens.issue(terms))
        return str(value)

    def caller(self, *aliases: str, path: str = "", **terms: Any) -> Caller:
        """Return a caller with a new token for these workspaces.

        :param path: what follows ``/mcp``, such as ``/w/client-blue``.
        """
        return Caller(daemon=self, key=self.token(*aliases, **terms), path=path)

    def world_of(self, alias: str) -> World:
        """Return the simulated workspace of a client."""
        return self.world(self.clients[alias].key)

    def ids_in(self, alias: str) -> set[str]:
        """Return every id that exists in the workspace of a client."""
        world = self.world_of(alias)
        content = [
            world.id,
            world.user_id,
            *world.campaigns,
            *world.lists,
            *world.leads,
            *world.emails,
            *world.threads,
            *world.jobs,
        ]
        shown = dumps([each.shown for each in world.accounts.values()]).decode()
        return {*content, *ID.findall(shown)}

    def reads(self, alias: str) -> list[tuple[str, JsonObject]]:
        """Return a call of each tool that only reads, on objects of one client."""
        world = self.world_of(alias)
        campaign = next(iter(world.campaigns))
        lead_list = next(iter(world.lists))
        lead = next(iter(world.leads))
        mail = received(world)
        account = next(iter(world.accounts))
        name = world.campaigns[campaign].shown["name"]
        calls: list[tuple[str, JsonObject]] = [
            ("list_campaigns", {}),
            ("get_campaign", {"campaign_id": campaign}),
            ("get_campaign", {"campaign_id": name}),
            ("search_campaigns_by_contact", {"contact_email": mail["lead"]}),
            ("get_campaign_sending_status", {"campaign_id": campaign}),
            ("list_leads", {"limit": 3}),
            ("list_leads", {"campaign": name, "limit": 3}),
            ("get_lead", {"lead_id": lead}),
            ("list_lead_lists", {}),
            ("get_verification_stats_for_lead_list", {"list_id": lead_list}),
            ("list_emails", {"limit": 3}),
            ("get_email", {"email_id": mail["id"]}),
            ("count_unread_emails", {}),
            ("get_campaign_analytics", {"campaign_id": campaign}),
            ("get_campaign_analytics", {}),
            ("get_daily_campaign_analytics", {"campaign_id": name}),
            ("get_warmup_analytics", {"emails": [account]}),
            ("list_accounts", {}),
            ("get_account", {"email": account}),
            ("test_account_vitals", {"email": account}),
            ("list_background_jobs", {}),
        ]
        if world.jobs:
            calls.append(("get_background_job", {"job_id": next(iter(world.jobs))}))
        return calls


def received(world: World) -> JsonObject:
    """Return a mail that a lead wrote."""
    return next(
        mail for mail in world.emails.values() if mail["ue_type"] == MailType.RECEIVED
    )
