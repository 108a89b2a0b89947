"""The shelf: which resources and templates there are, and in which order."""

from __future__ import annotations

from collections.abc import Mapping

from ...protocol.resource import Complete, Resource, ResourceTemplate
from ...protocol.shelves import ResourceShelf
from ...protocol.uri_template import UriTemplate
from ..bench import Bench
from ..completions import (
    ACCOUNT,
    CAMPAIGN,
    JOB,
    LEAD_LIST,
    Completer,
    Directory,
    WordCompleter,
    operation_ids,
)
from . import campaigns, checklist, listed_facts, lists, objects, workspace
from .preflight.report import preflight
from .reading import JSON, MARKDOWN, Look, Reader

SCHEME = "instantly://"
ALWAYS_MS = 3_600_000
"""Facts that only a new version of the daemon changes are cached so long."""


def build_shelf(bench: Bench, directory: Directory) -> ResourceShelf:
    """Return every resource, bound to what it reads from."""
    return ResourceShelf(_resources(bench), _templates(bench, directory))


def _resources(bench: Bench) -> list[Resource]:
    def public(
        path: str, title: str, says: str, look: Look, mime_type: str = JSON
    ) -> Resource:
        return Resource(
            uri=SCHEME + path,
            name=path.rpartition("/")[2],
            title=title,
            description=says,
            mime_type=mime_type,
            read=Reader(bench, look),
            ttl_ms=ALWAYS_MS,
        )

    return [
        Resource(
            uri=SCHEME + "workspace",
            name="workspace",
            title="Workspace",
            description="The key's workspace: name, plans, lead limit, credits left.",
            mime_type=JSON,
            read=Reader(bench, workspace.workspace),
            needs_credential=True,
            private=True,
        ),
        public(
            "limits",
            "Limits",
            "Rate limits, page sizes, result sizes, and what costs credits.",
            listed_facts.limits,
        ),
        public(
            "enums",
            "Code tables",
            "What the API's numbers mean: statuses, interest, verification, jobs.",
            listed_facts.enums,
        ),
        public(
            "timezones",
            "Time zones",
            "The zones that campaigns can use, and how others are placed.",
            listed_facts.timezones,
        ),
        public(
            "webhook-events",
            "Webhook events",
            "Event types of webhooks, what they carry, and their traps.",
            listed_facts.webhook_events,
        ),
        public(
            "docs/deliverability-checklist",
            "Deliverability checklist",
            "What keeps cold mail out of spam, before and after a launch.",
            checklist.checklist,
            MARKDOWN,
        ),
        public(
            "policy",
            "Policy",
            "What this server offers, and what needs the person's word first.",
            listed_facts.policy,
        ),
    ]


def _templates(bench: Bench, directory: Directory) -> list[ResourceTemplate]:
    campaign = {"id": Completer(directory, CAMPAIGN)}

    def private(
        path: str, title: str, says: str, look: Look, complete: Mapping[str, Complete]
    ) -> ResourceTemplate:
        return ResourceTemplate(
            template=UriTemplate(SCHEME + path),
            name=title.lower().replace(" ", "-"),
            title=title,
            description=says,
            mime_type=JSON,
            read=Reader(bench, look),
            complete=complete,
        )

    return [
        private(
            "campaigns/{id}",
            "Campaign",
            "A campaign's settings, senders, schedule, and its copy as text.",
            campaigns.campaign,
            campaign,
        ),
        private(
            "campaigns/{id}/preflight",
            "Campaign preflight",
            "Is it ready? Checks of senders, leads, copy, variables, schedule, volume.",
            preflight,
            campaign,
        ),
        private(
            "campaigns/{id}/analytics{?from,to}",
            "Campaign analytics",
            "Totals, rates and days of a campaign; from and to are dates.",
            campaigns.analytics,
            campaign,
        ),
        private(
            "leads/{id}",
            "Lead",
            "A lead with its custom variables.",
            objects.lead,
            {},
        ),
        private(
            "lists/{id}/scorecard",
            "List scorecard",
            "How clean a lead list is: verification, duplicates, role addresses.",
            lists.scorecard,
            {"id": Completer(directory, LEAD_LIST)},
        ),
        private(
            "accounts/{email}",
            "Sending account",
            "A mailbox: status, warm-up, limits, and why it cannot send.",
            objects.account,
            {"email": Completer(directory, ACCOUNT)},
        ),
        private(
            "threads/{thread_id}",
            "Mail thread",
            "The mails of a thread, oldest first, as fenced text.",
            objects.thread,
            {},
        ),
        private(
            "jobs/{id}",
            "Background job",
            "A background job's status and progress. Can be subscribed to.",
            objects.job,
            {"id": Completer(directory, JOB)},
        ),
        _schemas(bench),
    ]


def _schemas(bench: Bench) -> ResourceTemplate:
    return ResourceTemplate(
        template=UriTemplate(SCHEME + "schema/{operation}"),
        name="operation-schema",
        title="Operation schema",
        description="An API operation: arguments, risk, scopes, limit.",
        mime_type=JSON,
        read=Reader(bench, listed_facts.operation_schema),
        complete={"operation": WordCompleter(operation_ids)},
        needs_credential=False,
        private=False,
        ttl_ms=ALWAYS_MS,
    )
