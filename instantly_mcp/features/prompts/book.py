"""The book: which prompts there are, in which order, with which arguments."""

from __future__ import annotations

from ...protocol.prompt import Prompt, PromptArgument
from ...protocol.resource import Complete
from ...protocol.shelves import PromptShelf
from ..bench import Bench
from ..completions import (
    CAMPAIGN,
    LEAD_LIST,
    Completer,
    Directory,
    SeveralCompleter,
    WordCompleter,
    Zones,
)
from .campaigns import launch_preflight, why_not_sending
from .hygiene import list_hygiene
from .inbox import DEFAULT, MOST, morning_inbox, reply_triage
from .period import WORDS
from .rendering import Desk, Renderer, Write
from .reports import client_report, weekly_report


def build_prompts(bench: Bench, directory: Directory) -> PromptShelf:
    """Return every prompt, bound to what it gathers from."""
    desk = Desk(bench, directory)
    campaign = _needed("campaign", "name or id", Completer(directory, CAMPAIGN))
    days = _range("default last_7_days")

    def prompt(
        write: Write, title: str, says: str, *arguments: PromptArgument
    ) -> Prompt:
        return Prompt(
            name=write.__name__,
            title=title,
            description=says,
            render=Renderer(desk, write),
            arguments=arguments,
            needs_credential=True,
        )

    return PromptShelf(
        [
            prompt(
                launch_preflight,
                "Launch preflight",
                "Check a campaign before its launch: senders, leads, copy, schedule.",
                campaign,
                _may(
                    "timezone",
                    "your IANA zone, for local times",
                    WordCompleter(Zones()),
                ),
            ),
            prompt(
                morning_inbox,
                "Morning inbox",
                "Sort unread mail and draft answers; nothing is sent.",
                _may("limit", f"threads, 1 to {MOST}, default {DEFAULT}"),
            ),
            prompt(
                why_not_sending,
                "Why is it not sending?",
                "Find out what keeps a campaign from sending.",
                campaign,
            ),
            prompt(
                weekly_report,
                "Weekly report",
                "Numbers of campaigns in a period, against the one before.",
                _may(
                    "campaigns",
                    "names or ids, comma-separated; default all",
                    SeveralCompleter(Completer(directory, CAMPAIGN)),
                ),
                days,
            ),
            prompt(
                list_hygiene,
                "List hygiene",
                "How clean a lead list is, and how to clean it.",
                _needed("list", "name or id", Completer(directory, LEAD_LIST)),
            ),
            prompt(
                reply_triage,
                "Reply triage",
                "Classify a thread and draft the answer.",
                _needed("thread", "thread_id"),
            ),
            prompt(
                client_report,
                "Client report",
                "A workspace's results, written for the client.",
                _may("workspace", "id of a client's workspace; default the key's own"),
                _range("default last_30_days"),
            ),
        ]
    )


def _needed(name: str, says: str, complete: Complete | None = None) -> PromptArgument:
    return PromptArgument(name=name, description=says, required=True, complete=complete)


def _may(name: str, says: str, complete: Complete | None = None) -> PromptArgument:
    return PromptArgument(name=name, description=says, complete=complete)


def _range(default: str) -> PromptArgument:
    says = f"last_week, last_30_days, 14d, or 2026-01-01..2026-01-31; {default}"
    return _may("range", says, WordCompleter(lambda: WORDS))
