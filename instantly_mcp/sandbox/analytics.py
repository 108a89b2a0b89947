"""Numbers about campaigns, counted from their history and nothing else.

Because the totals and the days are counted from the same lines, they add up: the
days of a range sum to its total, and both to the mails in the world.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from .call import bad_request
from .records import Campaign, Happening, Kind, Shown
from .timeline import read_moment, written_day
from .world import World

_UNIQUE = {
    Kind.OPENED: "opened",
    Kind.CLICKED: "clicks",
    Kind.REPLIED: "replies",
    Kind.AUTO_REPLIED: "replies_automatic",
}


@frozen(kw_only=True)
class Range:
    """From a moment to another, both included; ``None`` leaves an end open."""

    start: float | None
    end: float | None

    def of(self, history: Iterable[Happening]) -> list[Happening]:
        """Return the lines that fall into the range."""
        start, end = self.start, self.end
        return [
            line
            for line in history
            if (start is None or line.when >= start)
            and (end is None or line.when <= end)
        ]


def read_range(start: str | None, end: str | None) -> Range:
    """Read a range as the API takes it; a date alone is midnight UTC.

    :raises Refusal: 400 when one of them is no date.
    """
    moments: list[float | None] = []
    for name, text in (("start_date", start), ("end_date", end)):
        try:
            moments.append(read_moment(text) if text else None)
        except ValueError:
            raise bad_request(
                f"querystring/{name} must be a date or an ISO 8601 time"
            ) from None
    return Range(start=moments[0], end=moments[1])


def totals(world: World, campaign: Campaign, during: Range, *, leads: bool) -> Shown:
    """Return the totals of one campaign."""
    lines = during.of(campaign.history)
    counts = Counter(line.kind for line in lines)
    value = campaign.shown.get("pl_value") or 0
    found = {
        "campaign_name": campaign.shown["name"],
        "campaign_id": campaign.id,
        "campaign_status": campaign.shown["status"],
        "campaign_is_evergreen": bool(campaign.shown.get("is_evergreen")),
        "leads_count": len(world.members(campaign.id)) if leads else 0,
        "contacted_count": _leads(lines, Kind.SENT),
        "emails_sent_count": counts[Kind.SENT],
        "new_leads_contacted_count": _first_mails(lines),
        "reply_count": counts[Kind.REPLIED] + counts[Kind.AUTO_REPLIED],
        "reply_count_automatic": counts[Kind.AUTO_REPLIED],
        "bounced_count": counts[Kind.BOUNCED],
        "unsubscribed_count": counts[Kind.UNSUBSCRIBED],
        "completed_count": counts[Kind.COMPLETED],
        "total_opportunities": counts[Kind.OPPORTUNITY],
        "total_opportunity_value": counts[Kind.OPPORTUNITY] * value,
        "open_count": counts[Kind.OPENED],
        "link_click_count": counts[Kind.CLICKED],
    }
    for name, kind in (
        ("open_count", Kind.OPENED),
        ("reply_count", Kind.REPLIED),
        ("reply_count_automatic", Kind.AUTO_REPLIED),
        ("link_click_count", Kind.CLICKED),
    ):
        found[f"{name}_unique"] = _leads(lines, kind)
        found[f"{name}_unique_by_step"] = _leads_by_step(lines, kind)
    return found


def days(campaigns: Sequence[Campaign], during: Range) -> list[Shown]:
    """Return one line for each day on which something happened, oldest first."""
    found: dict[str, Shown] = {}
    for campaign in campaigns:
        met: set[tuple[str, ...]] = set()
        for line in during.of(campaign.history):
            date = written_day(line.when)
            day = found.setdefault(date, _empty_day(date))
            _count(day, line, met)
    return [found[date] for date in sorted(found)]


def _empty_day(date: str) -> Shown:
    names = ("sent", "contacted", "new_leads_contacted", *_UNIQUE.values())
    unique = (f"unique_{name}" for name in _UNIQUE.values())
    more = ("opportunities", "unique_opportunities")
    return {"date": date, **dict.fromkeys((*names, *unique, *more), 0)}


def _count(day: Shown, line: Happening, met: set[tuple[str, ...]]) -> None:
    """Add one line to its day; `met` holds the firsts of this campaign so far."""
    if line.kind is Kind.SENT:
        day["sent"] += 1
        day["new_leads_contacted"] += line.step == 0
        day["contacted"] += _first(met, "contacted", day["date"], line.lead_id)
    elif line.kind is Kind.OPPORTUNITY:
        day["opportunities"] += 1
        day["unique_opportunities"] += _first(met, "opportunity", line.lead_id)
    elif line.kind in _UNIQUE:
        name = _UNIQUE[line.kind]
        day[name] += 1
        day[f"unique_{name}"] += _first(met, name, line.lead_id)
        if line.kind is Kind.AUTO_REPLIED:
            day["replies"] += 1


def _first(met: set[tuple[str, ...]], *what: str) -> bool:
    if what in met:
        return False
    met.add(what)
    return True


def _leads(lines: Iterable[Happening], kind: Kind) -> int:
    return len({line.lead_id for line in lines if line.kind is kind})


def _leads_by_step(lines: Iterable[Happening], kind: Kind) -> int:
    return len({(line.lead_id, line.step) for line in lines if line.kind is kind})


def _first_mails(lines: Iterable[Happening]) -> int:
    return sum(line.kind is Kind.SENT and line.step == 0 for line in lines)
