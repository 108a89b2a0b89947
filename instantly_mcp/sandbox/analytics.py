"""Numbers about campaigns, counted from their history and nothing else.

Totals and days are counted from the same events. They therefore agree: the days of a
range sum to its total, and both match the e-mails in the world.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from attrs import frozen

from .errors import bad_request
from .records import ApiObject, Campaign, CampaignEvent, EventKind
from .timeline import DAY, format_day, is_range, parse_time
from .world import World

_UNIQUE = {
    EventKind.OPENED: "opened",
    EventKind.CLICKED: "clicks",
    EventKind.REPLIED: "replies",
    EventKind.AUTO_REPLIED: "replies_automatic",
}
_COUNTED_UNIQUE = (
    ("open_count", EventKind.OPENED),
    ("reply_count", EventKind.REPLIED),
    ("reply_count_automatic", EventKind.AUTO_REPLIED),
    ("link_click_count", EventKind.CLICKED),
)
_ZEROS: ApiObject = dict.fromkeys(
    (
        "sent",
        "contacted",
        "new_leads_contacted",
        *_UNIQUE.values(),
        *(f"unique_{name}" for name in _UNIQUE.values()),
        "opportunities",
        "unique_opportunities",
    ),
    0,
)


@frozen(kw_only=True)
class TimeRange:
    """A range of moments, both ends included; ``None`` leaves an end open."""

    start: float | None
    end: float | None

    def filter(self, history: Iterable[CampaignEvent]) -> list[CampaignEvent]:
        """Return the events in the range."""
        start, end = self.start, self.end
        if start is None and end is None:
            return list(history)
        return [
            event
            for event in history
            if (start is None or event.when >= start)
            and (end is None or event.when <= end)
        ]


def read_range(start: str | None, end: str | None) -> TimeRange:
    """Read the two ends of a range; a date without a time means midnight UTC.

    :raises SandboxError: 400 when an end is not a date, or the end is before the start.
    """
    moments: list[float | None] = []
    for name, text in (("start_date", start), ("end_date", end)):
        try:
            moments.append(parse_time(text) if text else None)
        except ValueError:
            raise bad_request(
                f"querystring/{name} must be a date or an ISO 8601 time"
            ) from None
    if not is_range(*moments):
        raise bad_request("querystring/start_date must not be after end_date")
    return TimeRange(start=moments[0], end=moments[1])


def campaign_totals(
    world: World, campaign: Campaign, during: TimeRange, *, leads: bool
) -> ApiObject:
    """Return the totals of one campaign.

    :param leads: whether ``leads_count`` is counted; it is 0 otherwise.
    """
    by_kind: defaultdict[str, list[CampaignEvent]] = defaultdict(list)
    for event in during.filter(campaign.history):
        by_kind[event.kind].append(event)
    sent = by_kind[EventKind.SENT]
    opportunities = len(by_kind[EventKind.OPPORTUNITY])
    automatic = len(by_kind[EventKind.AUTO_REPLIED])
    found = {
        "campaign_name": campaign.shown["name"],
        "campaign_id": campaign.id,
        "campaign_status": campaign.shown["status"],
        "campaign_is_evergreen": bool(campaign.shown.get("is_evergreen")),
        "leads_count": len(world.members(campaign.id)) if leads else 0,
        "contacted_count": _leads(sent),
        "emails_sent_count": len(sent),
        "new_leads_contacted_count": sum(event.step == 0 for event in sent),
        "reply_count": len(by_kind[EventKind.REPLIED]) + automatic,
        "reply_count_automatic": automatic,
        "bounced_count": len(by_kind[EventKind.BOUNCED]),
        "unsubscribed_count": len(by_kind[EventKind.UNSUBSCRIBED]),
        "completed_count": len(by_kind[EventKind.COMPLETED]),
        "total_opportunities": opportunities,
        "total_opportunity_value": opportunities * (campaign.shown["pl_value"] or 0),
        "open_count": len(by_kind[EventKind.OPENED]),
        "link_click_count": len(by_kind[EventKind.CLICKED]),
    }
    for name, kind in _COUNTED_UNIQUE:
        found[f"{name}_unique"] = _leads(by_kind[kind])
        found[f"{name}_unique_by_step"] = _leads_by_step(by_kind[kind])
    return found


def daily_numbers(campaigns: Sequence[Campaign], during: TimeRange) -> list[ApiObject]:
    """Return the numbers of each day on which something happened, oldest first."""
    found: dict[int, ApiObject] = {}
    for campaign in campaigns:
        counted: set[tuple[str, ...]] = set()
        for event in during.filter(campaign.history):
            number = int(event.when // DAY)
            day = found.get(number)
            if day is None:
                day = found[number] = _empty_day(format_day(event.when))
            _count(day, event, counted)
    return [found[number] for number in sorted(found)]


def _empty_day(date: str) -> ApiObject:
    return {"date": date, **_ZEROS}


def _count(day: ApiObject, event: CampaignEvent, counted: set[tuple[str, ...]]) -> None:
    """Add one event to its day; `counted` has what counts only once per campaign."""
    if event.kind == EventKind.SENT:
        day["sent"] += 1
        day["new_leads_contacted"] += event.step == 0
        day["contacted"] += _first(counted, "contacted", day["date"], event.lead_id)
    elif event.kind == EventKind.OPPORTUNITY:
        day["opportunities"] += 1
        day["unique_opportunities"] += _first(counted, "opportunity", event.lead_id)
    elif event.kind in _UNIQUE:
        name = _UNIQUE[event.kind]
        day[name] += 1
        day[f"unique_{name}"] += _first(counted, name, event.lead_id)
        if event.kind == EventKind.AUTO_REPLIED:
            day["replies"] += 1


def _first(counted: set[tuple[str, ...]], *what: str) -> bool:
    if what in counted:
        return False
    counted.add(what)
    return True


def _leads(events: Iterable[CampaignEvent]) -> int:
    return len({event.lead_id for event in events})


def _leads_by_step(events: Iterable[CampaignEvent]) -> int:
    return len({(event.lead_id, event.step) for event in events})
