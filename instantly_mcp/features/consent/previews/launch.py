"""The preview of a start: who sends how much to how many, and from when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from ...._json_codec import JsonObject
from ....access.canonical import digest_of
from ....access.preview import Fact
from ...tools.workflows.preflight_guard import hurried, refuse_failed
from ...workspace.campaigns.sending_windows import next_opening, windows_of
from ...workspace.campaigns.sequences import steps_of, variants_in
from ...workspace.mail.text import text_of_html
from ...workspace.preflight.check import Check
from ...workspace.preflight.personalization import used_variables, value_of
from ...workspace.preflight.report import checks_of
from ...workspace.preflight.survey import CampaignSurvey, survey_campaign
from ..assessment.subject import WriteSubject
from .digests import digest_of_leads, digest_of_senders
from .mail import html_facts
from .parts import (
    Found,
    campaign_facts,
    fact,
    known,
    listed,
)
from .showing import MAX_FACT, line

MAX_VALUES = 2
"""Most values of one variable that are shown."""

_LINK = re.compile(r"[<>@]|://|www\.", re.IGNORECASE)


async def build_launch(subject: WriteSubject) -> Found:
    """Find what a start of a campaign sends.

    :raises CallRefusedError: when a check fails: no consent can replace it.
    """
    id = str(subject.arguments["id"])
    call = hurried(subject.context, subject.call)
    survey = await survey_campaign(subject.context, id, call, diagnosis=False)
    campaign = survey.campaign
    checks = {check.name: check for check in checks_of(survey)}
    refuse_failed(checks.values(), "Nothing was started.")
    facts = (
        *campaign_facts(id, campaign),
        fact("Leads", survey.leads_count),
        *_senders(survey),
        fact("Mails a day, at most", _fact_of(checks, "volume", "mails_a_day")),
        fact("Sends from", _sends_from(campaign, survey.now)),
        fact("Steps", len(steps_of(campaign))),
        *known(
            ("Copies go to", listed(_copies(campaign))),
            ("Warnings", listed([each.says for each in _warnings(checks)])),
        ),
    )
    return Found(
        title="Start the campaign: it then sends mail by itself.",
        facts=facts,
        untrusted=(*_copy(campaign), *_said_of_leads(survey)),
        unseen=(
            digest_of({n: campaign[n] for n in campaign if n != "status"}),
            digest_of_leads(survey.leads),
            digest_of_senders(survey.senders),
        ),
        covers=frozenset({"id", "dry_run"}),
    )


def _senders(survey: CampaignSurvey) -> tuple[Fact, ...]:
    emails = sorted(str(each.get("email")) for each in survey.senders)
    return (fact("Senders", f"{len(emails)}: {listed(emails)}" if emails else None),)


def _fact_of(checks: dict[str, Check], check: str, name: str) -> object:
    return checks[check].facts.get(name) if check in checks else None


def _warnings(checks: dict[str, Check]) -> Sequence[Check]:
    return [
        check
        for check in checks.values()
        if check.outcome == "warn" and check.name != "status"
    ]


def _copies(campaign: JsonObject) -> list[str]:
    lists = (campaign.get("cc_list"), campaign.get("bcc_list"))
    return [str(each) for found in lists if isinstance(found, list) for each in found]


def _sends_from(campaign: JsonObject, now: datetime) -> str | None:
    """Return when the first mail is sent, in local time.

    During a window it is "at once": an exact time would change each minute.
    """
    opening = next_opening(campaign, now)
    if opening is None:
        return None
    if opening <= now:
        ends = sorted({f"{window.end:%H:%M}" for window in windows_of(campaign)})
        return f"at once, until {' or '.join(ends)} ({opening.tzinfo})"
    return f"{opening:%a %Y-%m-%d %H:%M} ({opening.tzinfo})"


def _said_of_leads(survey: CampaignSurvey) -> Iterator[Fact]:
    """Yield what the variables of the copy say, for those leads that say the most.

    A value with a link or markup comes before one without, whatever its length: a mail
    can consist of one variable, and then the copy alone shows nothing of it.
    """
    lines: list[str] = []
    for name in sorted(used_variables(survey.campaign)):
        values = {value_of(lead, name) for lead in survey.leads} - {None}
        most = sorted(map(str, values), key=_says_most)[:MAX_VALUES]
        more = len(values) - len(most)
        lines += [f"{name}: {each}" for each in most]
        lines += [f"{name}: and {more} other values"] if more else []
    if lines:
        said = "\n".join(" ".join(each.split()) for each in lines)
        yield "What the variables say, for some leads", said


def _says_most(value: str) -> tuple[bool, int, str]:
    return _LINK.search(value) is None, -len(value), value


def _copy(campaign: JsonObject) -> Sequence[Fact]:
    """Return the mails of all steps."""
    mails: list[Fact] = []
    for number, step in enumerate(steps_of(campaign), 1):
        for variant in variants_in(step):
            given = variant.get("subject") or "(subject of the mail before)"
            subject = line(given, MAX_FACT)
            html = str(variant.get("body") or "")
            mails.append((f"Mail {number}", f"{subject}\n\n{text_of_html(html)}"))
            mails += html_facts(f"Mail {number}", html)
    return mails
