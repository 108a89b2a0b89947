"""The resource registry: which resources and templates exist, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from ...protocol.primitives.registries import ResourceRegistry
from ...protocol.primitives.resource import CompleteValue, Resource, ResourceTemplate
from ...protocol.wire.uri_template import UriTemplate
from ..completions import Completer, WordCompleter, operation_ids
from ..workspace import list_scorecard
from ..workspace.context import FeatureContext
from ..workspace.names import ACCOUNTS, CAMPAIGNS, JOBS, LEAD_LISTS, ObjectKind
from ..workspace.preflight.report import preflight
from . import campaigns, checklist, objects, reference, workspace
from .preview_card import preview_card
from .reading import JSON, MARKDOWN, Lookup, ResourceReader
from .watching import Poll, ResourceWatcher, watch_job

SCHEME = "instantly://"
PUBLIC_TTL_MS = 3_600_000
"""How long clients may cache public resources (ms); only a new release changes them."""


@frozen(kw_only=True)
class ResourceDeclaration:
    """The declaration of a resource or template.

    :param path: the URI after ``instantly://``.
    :param description: one sentence for the list.
    :param lookup: returns the content.
    :param public: readable without a key, and the same for all callers unless it is
        `per_caller`.
    :param per_caller: what it says depends on the rights of the caller.
    :param completes: the kind of object that its first variable names.
    :param toolset: the toolset without which it is not offered.
    :param poll: polls for changes while clients are subscribed.
    """

    path: str
    title: str
    description: str
    lookup: Lookup
    public: bool = False
    per_caller: bool = False
    mime_type: str = JSON
    completes: ObjectKind | None = None
    poll: Poll | None = None
    toolset: str | None = None

    @property
    def private(self) -> bool:
        """Whether no shared cache may keep it."""
        return self.per_caller or not self.public

    @property
    def name(self) -> str:
        """The short name that programs use."""
        return self.title.lower().replace(" ", "-")


RESOURCES = (
    ResourceDeclaration(
        path="workspace",
        title="Workspace",
        description="The key's workspace: name, plans, lead limit, credits left.",
        lookup=workspace.workspace,
    ),
    ResourceDeclaration(
        path="limits",
        title="Limits",
        description="Rate limits, page sizes, result sizes, and what costs credits.",
        lookup=reference.limits,
        public=True,
    ),
    ResourceDeclaration(
        path="enums",
        title="Code tables",
        description=(
            "What the API's numbers mean: statuses, interest, verification, jobs."
        ),
        lookup=reference.enums,
        public=True,
    ),
    ResourceDeclaration(
        path="timezones",
        title="Time zones",
        description="The zones that campaigns can use, and how others are mapped.",
        lookup=reference.timezones,
        public=True,
    ),
    ResourceDeclaration(
        path="webhook-events",
        title="Webhook events",
        description="Event types of webhooks, their members, and their traps.",
        lookup=reference.webhook_events,
        public=True,
    ),
    ResourceDeclaration(
        path="docs/deliverability-checklist",
        title="Deliverability checklist",
        description="How to keep cold mail out of spam, before and after a launch.",
        lookup=checklist.checklist,
        public=True,
        mime_type=MARKDOWN,
    ),
    ResourceDeclaration(
        path="policy",
        title="Policy",
        description="What this server provides, and what needs the person's consent.",
        lookup=reference.policy,
        public=True,
        per_caller=True,
    ),
)

TEMPLATES = (
    ResourceDeclaration(
        path="campaigns/{id}",
        title="Campaign",
        toolset="campaigns",
        description="A campaign's settings, senders, schedule, and copy as text.",
        lookup=campaigns.campaign,
        completes=CAMPAIGNS,
    ),
    ResourceDeclaration(
        path="campaigns/{id}/preflight",
        title="Campaign preflight",
        toolset="campaigns",
        description=(
            "Is it ready? Checks senders, leads, copy, variables, schedule, volume."
        ),
        lookup=preflight,
        completes=CAMPAIGNS,
    ),
    ResourceDeclaration(
        path="campaigns/{id}/analytics{?from,to}",
        title="Campaign analytics",
        toolset="analytics",
        description="Totals, rates and days of a campaign; from and to are dates.",
        lookup=campaigns.analytics,
        completes=CAMPAIGNS,
    ),
    ResourceDeclaration(
        path="leads/{id}",
        title="Lead",
        toolset="leads",
        description="A lead with its custom variables.",
        lookup=objects.lead,
    ),
    ResourceDeclaration(
        path="lists/{id}/scorecard",
        title="List scorecard",
        toolset="leads",
        description=(
            "How clean a lead list is: verification, duplicates, role addresses."
        ),
        lookup=list_scorecard.scorecard,
        completes=LEAD_LISTS,
    ),
    ResourceDeclaration(
        path="accounts/{email}",
        title="Sending account",
        toolset="accounts",
        description="A mailbox: status, warm-up, limits, and why it cannot send.",
        lookup=objects.account,
        completes=ACCOUNTS,
    ),
    ResourceDeclaration(
        path="threads/{thread_id}",
        title="Mail thread",
        toolset="emails",
        description="The mails of a thread, oldest first, marked as untrusted text.",
        lookup=objects.thread,
    ),
    ResourceDeclaration(
        path="jobs/{id}",
        title="Background job",
        toolset="jobs",
        description="A background job's status and progress. Can be subscribed to.",
        lookup=objects.job,
        completes=JOBS,
        poll=watch_job,
    ),
    ResourceDeclaration(
        path="schema/{operation}",
        title="Operation schema",
        description="An API operation: arguments, risk, scopes, limit.",
        lookup=reference.operation_schema,
        public=True,
    ),
)


def build_resources(
    context: FeatureContext,
    skills: Sequence[Resource] = (),
    skill_files: Sequence[Resource] = (),
) -> ResourceRegistry:
    """Build the resources and templates of the selected toolsets.

    :param skills: the files of skills that are listed.
    :param skill_files: those that are not.
    """
    offered = {None, *context.toolsets}
    return ResourceRegistry(
        [
            *(
                _resource(each, context)
                for each in RESOURCES
                if each.toolset in offered
            ),
            *skills,
        ],
        [_template(each, context) for each in TEMPLATES if each.toolset in offered],
        unlisted=[preview_card(PUBLIC_TTL_MS), *skill_files],
    )


def _resource(entry: ResourceDeclaration, context: FeatureContext) -> Resource:
    return Resource(
        uri=SCHEME + entry.path,
        name=entry.name,
        title=entry.title,
        description=entry.description,
        mime_type=entry.mime_type,
        read=ResourceReader(context, entry.lookup, public=entry.public),
        needs_credential=not entry.public,
        private=entry.private,
        ttl_ms=PUBLIC_TTL_MS,
        toolset=entry.toolset,
    )


def _template(entry: ResourceDeclaration, context: FeatureContext) -> ResourceTemplate:
    return ResourceTemplate(
        template=UriTemplate(SCHEME + entry.path),
        name=entry.name,
        title=entry.title,
        description=entry.description,
        mime_type=entry.mime_type,
        read=ResourceReader(context, entry.lookup, *_named(entry), public=entry.public),
        complete=_completers(entry, context),
        watch=None if entry.poll is None else ResourceWatcher(context, entry.poll),
        needs_credential=not entry.public,
        private=entry.private,
        ttl_ms=PUBLIC_TTL_MS,
        toolset=entry.toolset,
    )


def _named(entry: ResourceDeclaration) -> tuple[str | None, ObjectKind | None]:
    """Return the variable that may be a name, and the kind of object it names."""
    if entry.completes is None or not entry.completes.by_name:
        return None, None
    return UriTemplate(entry.path).names[0], entry.completes


def _completers(
    entry: ResourceDeclaration, context: FeatureContext
) -> Mapping[str, CompleteValue]:
    if entry.lookup is reference.operation_schema:
        return {"operation": WordCompleter(operation_ids)}
    if entry.completes is None:
        return {}
    first = UriTemplate(entry.path).names[0]
    return {first: Completer(context.names, entry.completes)}
