"""The prompt registry: which prompts exist, in which order, with which arguments."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from ...protocol.primitives.prompt import Prompt, PromptArgument
from ...protocol.primitives.registries import PromptRegistry
from ...protocol.primitives.resource import CompleteValue
from ..completions import (
    Completer,
    SeveralCompleter,
    TimezoneNames,
    WordCompleter,
)
from ..workspace.context import FeatureContext
from ..workspace.memory.name_cache import NameCache
from ..workspace.names import CAMPAIGNS, LEAD_LISTS
from .campaigns import launch_preflight, why_not_sending
from .hygiene import list_hygiene
from .inbox import DEFAULT_THREADS, MAX_THREADS, morning_inbox, reply_triage
from .period import RANGE_WORDS
from .rendering import Renderer, Write
from .reports import client_report, weekly_report

OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "campaign": ("campaign_id", "id"),
    "list": ("list_id", "lead_list", "id"),
    "thread": ("thread_id", "id"),
}
"""Names that tools and models use for the arguments of prompts."""

RANGE_DESCRIPTION = "last_week, last_30_days, 14d, or 2026-01-01..2026-01-31; default "


@frozen(kw_only=True)
class PromptDeclaration:
    """The declaration of a prompt.

    :param write: writes the message; its function name is the prompt's name.
    :param toolset: the toolset without which it is not offered.
    :param needs: required arguments, with their descriptions.
    :param takes: optional arguments, with their descriptions.
    """

    write: Write
    title: str
    description: str
    toolset: str
    needs: Mapping[str, str] = field(factory=dict)
    takes: Mapping[str, str] = field(factory=dict)


PROMPTS = (
    PromptDeclaration(
        write=launch_preflight,
        toolset="campaigns",
        title="Launch preflight",
        description=(
            "Check a campaign before its launch: senders, leads, copy, schedule."
        ),
        needs={"campaign": "name or id"},
        takes={"timezone": "your IANA zone, for local times"},
    ),
    PromptDeclaration(
        write=morning_inbox,
        toolset="emails",
        title="Morning inbox",
        description="Sort unread mail and draft replies; nothing is sent.",
        takes={"limit": f"threads, 1 to {MAX_THREADS}, default {DEFAULT_THREADS}"},
    ),
    PromptDeclaration(
        write=why_not_sending,
        toolset="campaigns",
        title="Why is it not sending?",
        description="Find out why a campaign does not send.",
        needs={"campaign": "name or id"},
    ),
    PromptDeclaration(
        write=weekly_report,
        toolset="analytics",
        title="Weekly report",
        description="Numbers of campaigns in a period, compared with the one before.",
        takes={
            "campaigns": "names or ids, comma-separated; default all",
            "range": RANGE_DESCRIPTION + "last_7_days",
        },
    ),
    PromptDeclaration(
        write=list_hygiene,
        toolset="leads",
        title="List hygiene",
        description="How clean a lead list is, and how to clean it.",
        needs={"list": "name or id"},
    ),
    PromptDeclaration(
        write=reply_triage,
        toolset="emails",
        title="Reply triage",
        description="Classify a thread and draft the reply.",
        needs={"thread": "thread_id"},
    ),
    PromptDeclaration(
        write=client_report,
        toolset="analytics",
        title="Client report",
        description="A workspace's results, written for the client.",
        takes={
            "workspace": "id of a client's workspace; default: the key's workspace",
            "range": RANGE_DESCRIPTION + "last_30_days",
        },
    ),
)


def build_prompts(context: FeatureContext) -> PromptRegistry:
    """Build the prompts of the selected toolsets."""
    completers = _completers(context.names)
    offered = [each for each in PROMPTS if each.toolset in context.toolsets]
    return PromptRegistry([_prompt(each, context, completers) for each in offered])


def _prompt(
    entry: PromptDeclaration,
    context: FeatureContext,
    completers: Mapping[str, CompleteValue],
) -> Prompt:
    arguments = [
        PromptArgument(
            name=name,
            description=description,
            required=name in entry.needs,
            also_named=OTHER_NAMES.get(name, ()),
            complete=completers.get(name),
        )
        for name, description in {**entry.needs, **entry.takes}.items()
    ]
    return Prompt(
        name=entry.write.__name__,
        title=entry.title,
        description=entry.description,
        render=Renderer(context, entry.write),
        arguments=arguments,
        needs_credential=True,
        toolset=entry.toolset,
    )


def _completers(names: NameCache) -> Mapping[str, CompleteValue]:
    """Return the completion of each argument, by name."""
    campaign = Completer(names, CAMPAIGNS)
    return {
        "campaign": campaign,
        "campaigns": SeveralCompleter(campaign),
        "list": Completer(names, LEAD_LISTS),
        "timezone": WordCompleter(TimezoneNames()),
        "range": WordCompleter(lambda: RANGE_WORDS),
    }
