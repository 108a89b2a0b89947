"""Selects leads by the filters of ``POST /leads/list`` and ``POST /leads/move``."""

from __future__ import annotations

from collections.abc import Iterable
from operator import eq, gt, lt

from .._json_codec import JsonObject
from .errors import bad_request
from .records import ApiObject, Lead, LeadStatus, Predicate, VerificationStatus
from .timeline import DAY, parse_time
from .world import World


def _status(value: int) -> Predicate:
    return lambda lead: bool(lead["status"] == value)


def _verified(value: int) -> Predicate:
    return lambda lead: bool(lead.get("verification_status") == value)


def _interest(value: int) -> Predicate:
    return lambda lead: bool(lead.get("lt_interest_status") == value)


FILTERS: dict[str, Predicate] = {
    "FILTER_VAL_CONTACTED": lambda lead: "timestamp_last_contact" in lead,
    "FILTER_VAL_NOT_CONTACTED": lambda lead: "timestamp_last_contact" not in lead,
    "FILTER_VAL_COMPLETED": _status(LeadStatus.COMPLETED),
    "FILTER_VAL_UNSUBSCRIBED": _status(LeadStatus.UNSUBSCRIBED),
    "FILTER_VAL_ACTIVE": _status(LeadStatus.ACTIVE),
    "FILTER_VAL_BOUNCED": _status(LeadStatus.BOUNCED),
    "FILTER_VAL_SKIPPED": _status(LeadStatus.SKIPPED),
    "FILTER_VAL_RISKY": _verified(VerificationStatus.RISKY),
    "FILTER_VAL_INVALID": _verified(VerificationStatus.INVALID),
    "FILTER_VAL_VALID": _verified(VerificationStatus.VERIFIED),
    "FILTER_VAL_IN_SUBSEQUENCE": lambda lead: bool(lead.get("subsequence_id")),
    "FILTER_VAL_OPENED_NO_REPLY": lambda lead: (
        lead["email_open_count"] > 0 and lead["email_reply_count"] == 0
    ),
    "FILTER_VAL_COMPLETED_NO_REPLY": lambda lead: (
        lead["status"] == LeadStatus.COMPLETED and lead["email_reply_count"] == 0
    ),
    "FILTER_VAL_NO_OPENS": lambda lead: lead["email_open_count"] == 0,
    "FILTER_VAL_REPLIED": lambda lead: lead["email_reply_count"] > 0,
    "FILTER_VAL_LINK_CLICKED": lambda lead: lead["email_click_count"] > 0,
    "FILTER_LEAD_OUT_OF_OFFICE": _interest(0),
    "FILTER_LEAD_INTERESTED": _interest(1),
    "FILTER_LEAD_MEETING_BOOKED": _interest(2),
    "FILTER_LEAD_MEETING_COMPLETED": _interest(3),
    "FILTER_LEAD_CLOSED": _interest(4),
    "FILTER_LEAD_NOT_INTERESTED": _interest(-1),
    "FILTER_LEAD_WRONG_PERSON": _interest(-2),
    "FILTER_LEAD_LOST": _interest(-3),
    "FILTER_LEAD_NO_SHOW": _interest(-4),
    "FILTER_LEAD_CUSTOM_LABEL_POSITIVE": lambda lead: (
        (lead.get("lt_interest_status") or 0) > 4
    ),
    "FILTER_LEAD_CUSTOM_LABEL_NEGATIVE": lambda lead: (
        (lead.get("lt_interest_status") or 0) < -4
    ),
}

_COMPARISONS = {"more": gt, "less": lt, "equal": eq}
_COUNTS = {
    "reply": ("email_reply_count", "timestamp_last_reply"),
    "email-open": ("email_open_count", "timestamp_last_open"),
    "link-click": ("email_click_count", "timestamp_last_click"),
    "last-contacted": (None, "timestamp_last_contact"),
    "lead-status-change": (None, "timestamp_last_interest_change"),
}


def select(world: World, wanted: JsonObject) -> list[Lead]:
    """Return the leads that pass all filters of a request, oldest first.

    Without a filter these are all leads of the workspace.

    :raises SandboxError: 400 for an unknown value of ``filter``.
    """
    tests = list(_tests(world, wanted))
    place = wanted.get("campaign") or wanted.get("list_id")
    leads = world.members_in_order(place) if place else world.all_leads()
    return [lead for lead in leads if all(test(lead.shown) for test in tests)]


def _tests(world: World, wanted: JsonObject) -> Iterable[Predicate]:
    if wanted.get("list_id"):
        yield lambda lead: bool(lead.get("list_id") == wanted["list_id"])
    for name, field in (("in_campaign", "campaign"), ("in_list", "list_id")):
        if name in wanted:
            yield lambda lead, field=field, name=name: (  # type: ignore[misc]
                bool(lead.get(field)) is wanted[name]
            )
    if wanted.get("filter"):
        if wanted["filter"] not in FILTERS:
            raise bad_request("body/filter must be equal to one of the allowed values")
        yield FILTERS[wanted["filter"]]
    if wanted.get("search"):
        yield _searched(wanted["search"])
    yield from _membership(wanted)
    yield from _codes(wanted)
    for query in wanted.get("queries") or ():
        yield _smart_view(world, query)


def _membership(wanted: JsonObject) -> Iterable[Predicate]:
    if "ids" in wanted:
        ids = frozenset(wanted["ids"])
        yield lambda lead: lead["id"] in ids
    if wanted.get("excluded_ids"):
        excluded = frozenset(wanted["excluded_ids"])
        yield lambda lead: lead["id"] not in excluded
    if "contacts" in wanted:
        contacts = frozenset(email.lower() for email in wanted["contacts"])
        yield lambda lead: (lead.get("email") or "").lower() in contacts
    if wanted.get("organization_user_ids"):
        users = frozenset(wanted["organization_user_ids"])
        yield lambda lead: lead.get("assigned_to") in users


def _codes(wanted: JsonObject) -> Iterable[Predicate]:
    for name in ("enrichment_status", "esp_code", "is_website_visitor"):
        if name in wanted:
            value = wanted[name]
            yield lambda lead, name=name, value=value: bool(  # type: ignore[misc]
                lead.get(name) == value
            )
    code = wanted.get("esg_code")
    if code == "none":
        yield lambda lead: lead.get("esg_code") is None
    elif code is not None and code != "all":
        yield lambda lead: str(lead.get("esg_code")) == code


def _searched(text: str) -> Predicate:
    wanted = text.strip().lower()

    def matches(lead: ApiObject) -> bool:
        names = f"{lead.get('first_name') or ''} {lead.get('last_name') or ''}"
        return wanted in names.lower() or wanted in (lead.get("email") or "").lower()

    return matches


def _smart_view(world: World, query: JsonObject) -> Predicate:
    values = query["values"]
    if query["actionType"] == "lead-status":
        status = values.get("lead-status", {})
        same = status.get("condition", "is") == "is"
        return lambda lead: (
            (lead.get("lt_interest_status") == status.get("status")) is same
        )
    counter, moment = _COUNTS[query["actionType"]]
    count = values.get("occurrence-count") or {}
    compare = _COMPARISONS[count.get("condition", "more")]
    days = values.get("occurrence-days")

    def matches(lead: ApiObject) -> bool:
        if days is not None:
            last = lead.get(moment)
            if last is None or world.now - parse_time(last) > days * DAY:
                return False
        found = lead[counter] if counter else int(moment in lead)
        return bool(compare(found, count.get("count", 0)))

    return matches
