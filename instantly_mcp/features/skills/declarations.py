"""The skills: when to use each, how to get its facts, and what to do with them.

What to do is the text of the prompt with the same name (`prompts.steps`). A prompt has
read the facts for the model; a skill says how to read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from ..prompts.steps import (
    CLIENT,
    HYGIENE,
    INBOX,
    LAUNCH,
    NOT_SENDING,
    TRIAGE,
    WEEK,
    Step,
)
from ..resources.checklist import CHECKLIST
from ..workspace.analytics import DEFINITIONS

FIELDS = {
    "campaign": "the campaign's id",
    "answered": "reply_to_uuid (the id of the mail that you answer), its eaccount",
}
"""The values of the fields of the steps, which a prompt knows and a skill does not."""


@frozen(kw_only=True)
class Reference:
    """A file beside the instructions.

    :param path: its path in the folder of the skill.
    :param use: when to read it, for the instructions.
    """

    path: str
    title: str
    use: str
    text: str


@frozen(kw_only=True)
class SkillDeclaration:
    """The declaration of a skill.

    :param prompt: the name of the prompt with the same task.
    :param when: when to use it, in words that users say.
    :param facts: how to read what the steps need.
    :param steps: what to do then.
    """

    prompt: str
    when: str
    facts: Sequence[Step]
    steps: Sequence[Step]
    references: Sequence[Reference] = ()

    @property
    def name(self) -> str:
        """The name: skills cannot have the underscores of prompts."""
        return self.prompt.replace("_", "-")


DELIVERABILITY = Reference(
    path="references/deliverability.md",
    title="Deliverability checklist",
    use="limits for senders, lists, copy and volume",
    text=CHECKLIST,
)

RATES = Reference(
    path="references/rates.md",
    title="Rates",
    use="how each rate is defined",
    text="# Rates\n\n"
    + "\n".join(f"- {name}: {words}" for name, words in DEFINITIONS.items())
    + "\n",
)

_FIND = Step(
    "Find the campaign: get_campaign takes its name or its id; list_campaigns shows "
    "all.",
    ["get_campaign", "list_campaigns"],
)

_NUMBERS = (
    Step(
        "Read the totals with get_campaign_analytics (start_date, end_date, both "
        "included), and again for the period of the same length before it.",
        ["get_campaign_analytics"],
    ),
    Step(
        "Read the days with get_daily_campaign_analytics.",
        ["get_daily_campaign_analytics"],
    ),
)

SKILLS: Sequence[SkillDeclaration] = (
    SkillDeclaration(
        prompt="launch_preflight",
        when="Use it before a campaign is started, or when the user asks whether a "
        "campaign is ready.",
        facts=(
            _FIND,
            Step(
                "Read the resource instantly://campaigns/ID/preflight, where ID is "
                "the campaign's id: every check, with its verdict."
            ),
            Step(
                "If you cannot read resources, check the senders (list_accounts), "
                "the leads (list_leads with campaign) and the copy yourself.",
                ["list_accounts", "list_leads"],
                "If you cannot read resources, check the copy yourself.",
            ),
        ),
        steps=LAUNCH,
        references=[DELIVERABILITY],
    ),
    SkillDeclaration(
        prompt="morning_inbox",
        when="Use it when the user wants to go through new or unread mail.",
        facts=(
            Step(
                "Count the unread mails with count_unread_emails.",
                ["count_unread_emails"],
            ),
            Step(
                "List them with list_emails: is_unread true, preview_only true, "
                "email_type received, limit 20.",
                ["list_emails"],
            ),
        ),
        steps=INBOX,
    ),
    SkillDeclaration(
        prompt="why_not_sending",
        when="Use it when a campaign does not send, sends slowly or has stopped.",
        facts=(
            _FIND,
            Step(
                "Ask Instantly for its diagnosis: get_campaign_sending_status.",
                ["get_campaign_sending_status"],
            ),
            Step(
                "Look at the senders of the campaign with list_accounts: status, "
                "errors, daily limit.",
                ["list_accounts"],
            ),
        ),
        steps=NOT_SENDING,
        references=[DELIVERABILITY],
    ),
    SkillDeclaration(
        prompt="weekly_report",
        when="Use it when the user wants numbers, results or a report of campaigns.",
        facts=(
            Step(
                "Agree on the period. By default it is the last seven whole days; days "
                "are in UTC."
            ),
            *_NUMBERS,
        ),
        steps=WEEK,
        references=[RATES],
    ),
    SkillDeclaration(
        prompt="list_hygiene",
        when="Use it when the user asks whether a lead list is good, or wants to clean "
        "it.",
        facts=(
            Step("Find the list with list_lead_lists (search).", ["list_lead_lists"]),
            Step(
                "Read the resource instantly://lists/ID/scorecard, where ID is the "
                "list's id."
            ),
            Step(
                "If you cannot read resources, read the shares with "
                "get_verification_stats_for_lead_list and a sample of 100 leads with "
                "list_leads (list_id): look for duplicates and role addresses.",
                ["get_verification_stats_for_lead_list", "list_leads"],
            ),
        ),
        steps=HYGIENE,
        references=[DELIVERABILITY],
    ),
    SkillDeclaration(
        prompt="reply_triage",
        when="Use it when the user asks how to answer a mail of a lead.",
        facts=(
            Step(
                "Find the mail with list_emails: search takes the lead's address, and "
                "thread:THREAD_ID finds the whole thread. Read its mails with "
                "get_email.",
                ["list_emails", "get_email"],
            ),
            Step("Read the lead with get_lead.", ["get_lead"]),
        ),
        steps=TRIAGE,
    ),
    SkillDeclaration(
        prompt="client_report",
        when="Use it when the user reports results to a client.",
        facts=(
            Step(
                "Make sure whose workspace it is: get_server_info.",
                ["get_server_info"],
            ),
            Step(
                "Agree on the period. By default it is the last 30 whole days; days "
                "are in UTC."
            ),
            *_NUMBERS,
        ),
        steps=CLIENT,
        references=[RATES],
    ),
)
