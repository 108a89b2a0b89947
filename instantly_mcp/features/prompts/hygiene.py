"""The prompt list_hygiene: how clean a lead list is, and how to clean it."""

from __future__ import annotations

from ...protocol.calls.call import Call
from ..untrusted.marking import quoted_line
from ..workspace.context import FeatureContext
from ..workspace.list_scorecard import scored, survey_list
from ..workspace.names import LEAD_LISTS
from .rendering import (
    ASK_FIRST,
    Given,
    as_json,
    look_up,
    message,
    not_known,
    numbered,
    percent,
    section,
)
from .steps import HYGIENE, steps_for


async def list_hygiene(context: FeatureContext, given: Given, call: Call) -> str:
    """Write a list's scorecard, and how to clean the list."""
    survey = await look_up(context, LEAD_LISTS, given["list"], survey_list, call)
    score = scored(survey)
    shares = score["verification"]
    return message(
        f'Is the lead list "{quoted_line(survey.list.get("name"))}" '
        f"({survey.list.get('id')}) clean enough to mail?",
        section(
            "Known",
            f"- Grade: {score['grade']}.",
            f"- {shares.get('total_leads')} leads, {percent(shares['checked_share'])} "
            f"verified so far; of those valid {percent(shares['verified_share'])}, "
            f"invalid {percent(shares['invalid_share'])}, risky, catch-all or changed "
            f"job {percent(shares['risky_share'])}."
            if shares
            else "",
            f"- Sample: the first {score['sample']['leads']} leads.",
            *(f"- {said}" for said in score["advice"]),
        ),
        section("Facts", as_json({"verification": shares, "sample": score["sample"]})),
        not_known(survey.found.unknown()),
        section(
            "What to do",
            numbered(steps_for(context, call, HYGIENE)),
        ),
        ASK_FIRST,
    )
