"""How many objects a write selects, if it does not say so itself.

The operator's caps count leads. A move of a whole list names only the list, so the list
is counted before. What cannot be counted stays open, which a cap refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from attrs import evolve

from ...access.act import Act
from ..workspace.reply_values import as_list, as_object
from .previews.leads import SELECTED_LEADS, selected_leads
from .previews.parts import PreviewSubject


class Amounts(TypedDict):
    """The parameters of an `Act` that say what it counts."""

    amounts: Mapping[str, int]
    open_amounts: frozenset[str]


def amounts_of(subject: PreviewSubject) -> Amounts:
    """Return what a write counts against the caps, by its arguments.

    A list that enriches its leads costs a credit for each of them, or more.
    """
    operation, given = subject.operation, subject.arguments
    amounts = dict(operation.amounts_with(given))
    still_open = operation.open_amounts_with(given)
    if subject.reach.enriches:
        amounts["credits"] = max(amounts.get("credits", 0), amounts.get("leads", 1))
        still_open |= {"credits"} if "leads" in still_open else set()
    return {"amounts": amounts, "open_amounts": still_open}


async def counted(subject: PreviewSubject, act: Act) -> Act:
    """Return an act with what it counts against the caps at most, as far as known."""
    if not act.open_amounts or subject.operation.id not in _COUNT:
        return act
    most = await _COUNT[subject.operation.id](subject)
    if most is None:
        return act
    amounts = {**act.amounts, **dict.fromkeys(act.open_amounts, max(1, most))}
    return evolve(act, amounts=amounts, open_amounts=frozenset())


async def _moved(subject: PreviewSubject) -> int | None:
    """Return how many leads a move selects at most: no more than their source has."""
    given = subject.arguments
    if given.get("ignore_resource_filter_clauses"):
        return None
    page = await selected_leads(subject)
    if page is None:
        return None
    leads = len(as_list(page.get("items")))
    if not page.get("next_starting_after") or leads < SELECTED_LEADS:
        return leads
    if given.get("campaign"):
        asked = {"id": str(given["campaign"])}
        rows = as_list(await subject.read_any("getCampaignAnalytics", asked))
        total = as_object(rows[0]).get("leads_count") if rows else None
    elif given.get("list_id"):
        asked = {"id": str(given["list_id"])}
        stats = await subject.read("getVerificationStats", asked)
        total = None if stats is None else stats.get("total_leads")
    else:
        return None
    if isinstance(total, int) and not isinstance(total, bool):
        return max(total, leads)
    return None


_COUNT = {"moveLeads": _moved}
"""Counts what an operation selects, by its id; ``None`` if that is not known."""
