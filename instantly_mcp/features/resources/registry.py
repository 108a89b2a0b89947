"""The resource registry: which resources and templates exist, and in which order."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ...protocol.primitives.registries import ResourceRegistry
from ...protocol.primitives.resource import Complete, Resource, ResourceTemplate
from ...protocol.wire.uri_template import UriTemplate
from ..completions import (
    ACCOUNTS,
    CAMPAIGNS,
    JOBS,
    LEAD_LISTS,
    Completer,
    NameCache,
    ObjectKind,
    WordCompleter,
    operation_ids,
)
from ..workspace import list_scorecard
from ..workspace.context import FeatureContext
from ..workspace.preflight.report import preflight
from . import campaigns, checklist, objects, reference, workspace
from .reading import JSON, MARKDOWN, Look, ResourceReader
from .watching import Poll, ResourceWatcher, watch_job

SCHEME = "instantly://"
PUBLIC_TTL_MS = 3_600_000
"""How long clients may cache public resources (ms); only a new release changes them."""


@frozen(kw_only=True)
class ResourceDeclaration:
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
    completes: ObjectKind | None = None
    watching: Poll | None = None

    @property
    def name(self) -> str:
        """The short name that programs use."""
        return self.title.lower().replace(" ", "-")


RESOURCES = (
    ResourceDeclaration(
        path="workspace",
        title="Workspace",
        says="The key's workspace: name, plans, lead limit, credits left.",
        look=workspace.workspace,
    ),
    ResourceDeclaration(
        path="limits",
        title="Limits",
        says="Rate limits, page sizes, result sizes, and what costs credits.",
        look=reference.limits,
        public=True,
    ),
    ResourceDeclaration(
        path="enums",
        title="Code tables",
        says="What the API's numbers mean: statuses, interest, verification, jobs.",
        look=reference.enums,
        public=True,
    ),
    ResourceDeclaration(
        path="timezones",
        title="Time zones",
        says="The zones that campaigns can use, and how others are mapped.",
        look=reference.timezones,
        public=True,
    ),
    ResourceDeclaration(
        path="webhook-events",
        title="Webhook events",
        says="Event types of webhooks, their members, and their traps.",
        look=reference.webhook_events,
        public=True,
    ),
    ResourceDeclaration(
        path="docs/deliverability-checklist",
        title="Deliverability checklist",
        says="How to keep cold mail out of spam, before and after a launch.",
        look=checklist.checklist,
        public=True,
        mime_type=MARKDOWN,
    ),
    ResourceDeclaration(
        path="policy",
        title="Policy",
        says="What this server provides, and what needs the person's consent.",
        look=reference.policy,
        public=True,
    ),
)

TEMPLATES = (
    ResourceDeclaration(
        path="campaigns/{id}",
        title="Campaign",
        says="A campaign's settings, senders, schedule, and copy as text.",
        look=campaigns.campaign,
        completes=CAMPAIGNS,
    ),
    ResourceDeclaration(
        path="campaigns/{id}/preflight",
        title="Campaign preflight",
        says="Is it ready? Checks senders, leads, copy, variables, schedule, volume.",
        look=preflight,
        completes=CAMPAIGNS,
    ),
    ResourceDeclaration(
        path="campaigns/{id}/analytics{?from,to}",
        title="Campaign analytics",
        says="Totals, rates and days of a campaign; from and to are dates.",
        look=campaigns.analytics,
        completes=CAMPAIGNS,
    ),
    ResourceDeclaration(
        path="leads/{id}",
        title="Lead",
        says="A lead with its custom variables.",
        look=objects.lead,
    ),
    ResourceDeclaration(
        path="lists/{id}/scorecard",
        title="List scorecard",
        says="How clean a lead list is: verification, duplicates, role addresses.",
        look=list_scorecard.scorecard,
        completes=LEAD_LISTS,
    ),
    ResourceDeclaration(
        path="accounts/{email}",
        title="Sending account",
        says="A mailbox: status, warm-up, limits, and why it cannot send.",
        look=objects.account,
        completes=ACCOUNTS,
    ),
    ResourceDeclaration(
        path="threads/{thread_id}",
        title="Mail thread",
        says="The mails of a thread, oldest first, marked as untrusted text.",
        look=objects.thread,
    ),
    ResourceDeclaration(
        path="jobs/{id}",
        title="Background job",
        says="A background job's status and progress. Can be subscribed to.",
        look=objects.job,
        completes=JOBS,
        watching=watch_job,
    ),
    ResourceDeclaration(
        path="schema/{operation}",
        title="Operation schema",
        says="An API operation: arguments, risk, scopes, limit.",
        look=reference.operation_schema,
        public=True,
    ),
)


def build_resources(context: FeatureContext, directory: NameCache) -> ResourceRegistry:
    """Build all resources and templates."""
    return ResourceRegistry(
        [_resource(entry, context) for entry in RESOURCES],
        [_template(entry, context, directory) for entry in TEMPLATES],
    )


def _resource(entry: ResourceDeclaration, context: FeatureContext) -> Resource:
    return Resource(
        uri=SCHEME + entry.path,
        name=entry.name,
        title=entry.title,
        description=entry.says,
        mime_type=entry.mime_type,
        read=ResourceReader(context, entry.look),
        needs_credential=not entry.public,
        private=not entry.public,
        ttl_ms=PUBLIC_TTL_MS,
    )


def _template(
    entry: ResourceDeclaration, context: FeatureContext, directory: NameCache
) -> ResourceTemplate:
    return ResourceTemplate(
        template=UriTemplate(SCHEME + entry.path),
        name=entry.name,
        title=entry.title,
        description=entry.says,
        mime_type=entry.mime_type,
        read=ResourceReader(context, entry.look),
        complete=_completers(entry, directory),
        watch=None
        if entry.watching is None
        else ResourceWatcher(context, entry.watching),
        needs_credential=not entry.public,
        private=not entry.public,
        ttl_ms=PUBLIC_TTL_MS,
    )


def _completers(
    entry: ResourceDeclaration, directory: NameCache
) -> Mapping[str, Complete]:
    if entry.look is reference.operation_schema:
        return {"operation": WordCompleter(operation_ids)}
    if entry.completes is None:
        return {}
    first = UriTemplate(entry.path).names[0]
    return {first: Completer(directory, entry.completes)}
