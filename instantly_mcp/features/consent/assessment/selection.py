"""The leads that a write selects: the first ones, and how many there are at most."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from ...._json_codec import Json, JsonObject
from ....catalog.index import BY_ID
from ...workspace.reply_values import as_list, as_object
from .subject import NOT_READABLE, WriteSubject

SELECTED_LEADS = 100
"""So many leads of a selection are read: one page of the API."""


@frozen
class Selection:
    """Some leads of the workspace.

    :param first: the first ones.
    :param most: how many there are at most; ``None`` if that is not known.
    :param complete: the first ones are all of them.
    """

    first: Sequence[JsonObject]
    most: int | None
    complete: bool = False

    def __str__(self) -> str:
        """Return how many there are, in words."""
        if self.complete:
            return str(len(self.first))
        if self.most is not None:
            return f"at most {self.most}"
        return f"{len(self.first)} or more" if self.first else NOT_READABLE


async def read_selection(subject: WriteSubject) -> Selection:
    """Read the leads that a move selects: no more than their source has.

    :raises ApiError: when the source does not exist.
    """
    known = BY_ID["listLeads"].by_name
    given = {name: each for name, each in subject.arguments.items() if name in known}
    page = await subject.read("listLeads", {**given, "limit": SELECTED_LEADS})
    if page is None:
        return Selection((), None)
    leads = [each for each in as_list(page.get("items")) if isinstance(each, dict)]
    widened = bool(subject.arguments.get("ignore_resource_filter_clauses"))
    if not page.get("next_starting_after") or len(leads) < SELECTED_LEADS:
        return Selection(leads, None if widened else len(leads), complete=not widened)
    total = None if widened else await _total(subject)
    return Selection(leads, None if total is None else max(total, len(leads)))


async def _total(subject: WriteSubject) -> int | None:
    """Return how many leads the source of a selection has."""
    given, total = subject.arguments, None
    if given.get("campaign"):
        asked: dict[str, Json] = {"id": given["campaign"]}
        rows = as_list(await subject.read_any("getCampaignAnalytics", asked))
        total = as_object(rows[0]).get("leads_count") if rows else None
    elif given.get("list_id"):
        asked = {"id": given["list_id"]}
        stats = await subject.read("getVerificationStats", asked)
        total = None if stats is None else stats.get("total_leads")
    is_number = isinstance(total, int) and not isinstance(total, bool)
    return total if is_number else None
