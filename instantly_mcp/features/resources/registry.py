"""The resource registry: which resources and templates exist, and in which order."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ...protocol.primitives.registries import ResourceRegistry
from ...protocol.primitives.resource import Complete, Resource, ResourceTemplate
from ...protocol.wire.uri_template import UriTemplate
from ..completions import (
    ACCOUNT,
    CAMPAIGN,
    JOB,
    LEAD_LIST,
    Completer,
    Directory,
    Kind,
    WordCompleter,
    operation_ids,
)
from ..workspace import list_scorecard
from ..workspace.context import FeatureContext
from ..workspace.preflight.report import preflight
from . import campaigns, checklist, objects, reference, workspace
from .reading import JSON, MARKDOWN, Look, Reader
from .watching import Watcher, Watching, watch_job

SCHEME = "instantly://"
ALWAYS_MS = 3_600_000
"""How long clients may cache public resources (ms); only a new release changes them."""


@frozen(kw_only=True)
class Entry:
    """The declaration of a resource or template.

    :param path: the URI after ``instantly://``.
    :param says: the description.
    :param look: returns the content.
    :param public: the same for all callers, and readable without a key.
    :param completes: the kind of object that its first variable names.
    :param watching: polls for changes while clients are subscribed.
    """

    path: str
    title: str
    says: str
    look: Look
    public: bool = False
    mime_type: str = JSON
    completes: Kind | None = None
    watching: Watching | None = None

    @property
    def name(self) -> str:
        """The short name that programs use."""
        return self.title.lower().replace(" ", "-")


RESOURCES = (
    Entry(
        path="workspace",
        title="Workspace",
        says="The key's workspace: name, plans, lead limit, credits left.",
        look=workspace.workspace,
    ),
    Entry(
        path="limits",
        title="Limits",
        says="Rate limits, page sizes, result sizes, and what costs credits.",
        look=reference.limits,
        public=True,
    ),
    Entry(
        path="enums",
        title="Code tables",
        says="What the API's numbers mean: statuses, interest, verification, jobs.",
        look=reference.enums,
        public=True,
    ),
    Entry(
        path="timezones",
        title="Time zones",
        says="The zones that campaigns can use, and how others are mapped.",
        look=reference.timezones,
        public=True,
    ),
    Entry(
        path="webhook-events",
        title="Webhook events",
        says="Event types of webhooks, their members, and their traps.",
        look=reference.webhook_events,
        public=True,
    ),
    Entry(
        path="docs/deliverability-checklist",
        title="Deliverability checklist",
        says="How to keep cold mail out of spam, before and after a launch.",
        look=checklist.checklist,
        public=True,
        mime_type=MARKDOWN,
    ),
    Entry(
        path="policy",
        title="Policy",
        says="What this server provides, and what needs the person's consent.",
        look=reference.policy,
        public=True,
    ),
)

TEMPLATES = (
    Entry(
        path="campaigns/{id}",
        title="Campaign",
        says="A campaign's settings, senders, schedule, and copy as text.",
        look=campaigns.campaign,
        completes=CAMPAIGN,
    ),
    Entry(
        path="campaigns/{id}/preflight",
        title="Campaign preflight",
        says="Is it ready? Checks senders, leads, copy, variables, schedule, volume.",
        look=preflight,
        completes=CAMPAIGN,
    ),
    Entry(
        path="campaigns/{id}/analytics{?from,to}",
        title="Campaign analytics",
        says="Totals, rates and days of a campaign; from and to are dates.",
        look=campaigns.analytics,
        completes=CAMPAIGN,
    ),
    Entry(
        path="leads/{id}",
        title="Lead",
        says="A lead with its custom variables.",
        look=objects.lead,
    ),
    Entry(
        path="lists/{id}/scorecard",
        title="List scorecard",
        says="How clean a lead list is: verification, duplicates, role addresses.",
        look=list_scorecard.scorecard,
        completes=LEAD_LIST,
    ),
    Entry(
        path="accounts/{email}",
        title="Sending account",
        says="A mailbox: status, warm-up, limits, and why it cannot send.",
        look=objects.account,
        completes=ACCOUNT,
    ),
    Entry(
        path="threads/{thread_id}",
        title="Mail thread",
        says="The mails of a thread, oldest first, marked as untrusted text.",
        look=objects.thread,
    ),
    Entry(
        path="jobs/{id}",
        title="Background job",
        says="A background job's status and progress. Can be subscribed to.",
        look=objects.job,
        completes=JOB,
        watching=watch_job,
    ),
    Entry(
        path="schema/{operation}",
        title="Operation schema",
        says="An API operation: arguments, risk, scopes, limit.",
        look=reference.operation_schema,
        public=True,
    ),
)


def build_shelf(context: FeatureContext, directory: Directory) -> ResourceRegistry:
    """Build all resources and templates."""
    return ResourceRegistry(
        [_resource(entry, context) for entry in RESOURCES],
        [_template(entry, context, directory) for entry in TEMPLATES],
    )


def _resource(entry: Entry, context: FeatureContext) -> Resource:
    return Resource(
        uri=SCHEME + entry.path,
        name=entry.name,
        title=entry.title,
        description=entry.says,
        mime_type=entry.mime_type,
        read=Reader(context, entry.look),
        needs_credential=not entry.public,
        private=not entry.public,
        ttl_ms=ALWAYS_MS,
    )


def _template(
    entry: Entry, context: FeatureContext, directory: Directory
) -> ResourceTemplate:
    return ResourceTemplate(
        template=UriTemplate(SCHEME + entry.path),
        name=entry.name,
        title=entry.title,
        description=entry.says,
        mime_type=entry.mime_type,
        read=Reader(context, entry.look),
        complete=_completers(entry, directory),
        watch=None if entry.watching is None else Watcher(context, entry.watching),
        needs_credential=not entry.public,
        private=not entry.public,
        ttl_ms=ALWAYS_MS,
    )


def _completers(entry: Entry, directory: Directory) -> Mapping[str, Complete]:
    if entry.look is reference.operation_schema:
        return {"operation": WordCompleter(operation_ids)}
    if entry.completes is None:
        return {}
    first = UriTemplate(entry.path).names[0]
    return {first: Completer(directory, entry.completes)}
