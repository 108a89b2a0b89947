"""add_leads_to_campaign_or_list_bulk: up to 20,000 leads, in chunks of a thousand."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError
from ....protocol.calls.call import Call
from ...error_hints import in_doubt
from ...results import CallRefusedError, ErrorResult, ToolOutcome, error_object
from ...workspace.context import FeatureContext
from ...workspace.labels import to_interest
from .warnings import warnings_for_joining, with_warnings

CHUNK_LEADS = 1000
"""The leads of one call: the API's limit."""

MAX_LEADS = 20_000
MAX_INDEXES_NAMED = 10
MAX_CREATED_SHOWN = 50

LEFT_OUT = {
    "in_blocklist": "on the block list",
    "duplicated_leads": "already in it",
    "skipped_count": "skipped because they are elsewhere in the workspace",
    "invalid_email_count": "with an invalid address",
    "incomplete_count": "incomplete",
    "duplicate_email_count": "with an address that was given twice",
}
"""Why a lead was not added, by the name of Instantly's counter."""

COUNTERS = ("total_sent", "leads_uploaded", *LEFT_OUT)

IndexedLead = tuple[int, JsonObject]
"""A lead and its index in the caller's list."""


@define
class Tally:
    """The sums of the counters of all chunks."""

    counters: dict[str, int] = field(factory=lambda: dict.fromkeys(COUNTERS, 0))
    created: list[JsonObject] = field(factory=list)
    blocklist_used: Json = None
    remaining_in_plan: Json = None

    def add(self, reply: JsonObject, chunk: Sequence[IndexedLead]) -> None:
        """Add one chunk's reply, converting its indexes to the caller's."""
        for name in COUNTERS:
            count = reply.get(name)
            self.counters[name] += int(count) if isinstance(count, int | float) else 0
        self.blocklist_used = reply.get("blocklist_used") or self.blocklist_used
        remaining = reply.get("remaining_in_plan")
        if remaining is not None:
            self.remaining_in_plan = remaining
        created = reply.get("created_leads")
        for lead in created if isinstance(created, list) else ():
            if not isinstance(lead, dict):
                continue
            place = lead.get("index")
            index = place
            if isinstance(place, int) and 0 <= place < len(chunk):
                index = chunk[place][0]
            self.created.append(
                {"index": index, "id": lead.get("id"), "email": lead.get("email")}
            )

    def left_out(self) -> list[str]:
        """Return a warning with the number of leads not added, and why."""
        why = [
            f"{self.counters[n]} {w}" for n, w in LEFT_OUT.items() if self.counters[n]
        ]
        sent = self.counters["total_sent"]
        count = sent - self.counters["leads_uploaded"]
        if count <= 0:
            return []
        reasons = ": " + ", ".join(why) if why else ""
        return [f"{count} of {sent} leads were not added{reasons}."]

    def as_object(self, removed: int) -> dict[str, Json]:
        """Return the merged summary."""
        summary: dict[str, Json] = {**self.counters, "duplicates_removed": removed}
        if self.blocklist_used is not None:
            summary["blocklist_used"] = self.blocklist_used
        if self.remaining_in_plan is not None:
            summary["remaining_in_plan"] = self.remaining_in_plan
        summary["created_leads"] = self.created[:MAX_CREATED_SHOWN]
        if len(self.created) > MAX_CREATED_SHOWN:
            summary["created_leads_not_shown"] = len(self.created) - MAX_CREATED_SHOWN
        return summary


async def add_leads(
    context: FeatureContext, given: JsonObject, call: Call
) -> ToolOutcome:
    """Add the leads, and report which were added and which were not.

    :raises CallRefusedError: before anything is sent, when a lead is incomplete.
    """
    target = _target(given)
    leads = [_converted(lead) for lead in given["leads"]]
    _require_complete(leads, target)
    unique = _without_duplicates(leads)
    chunks = [
        unique[at : at + CHUNK_LEADS] for at in range(0, len(unique), CHUNK_LEADS)
    ]
    warnings = await warnings_for_joining(context, given.get("campaign_id"), call)
    tally, done = Tally(), 0
    if len(chunks) > 1:
        call.become_task(f"Adding {len(unique)} leads in {len(chunks)} chunks")
    for number, chunk in enumerate(chunks, 1):
        request = {**given, "leads": [lead for _, lead in chunk]}
        try:
            reply = await context.fetch("bulkAddLeads", request, call)
        except ApiError as error:
            if number == 1:
                raise
            return _stopped(tally, error, chunk, unique, done)
        tally.add(reply, chunk)
        done += len(chunk)
        call.progress(done, len(unique), f"Added chunk {number} of {len(chunks)}")
    summary = tally.as_object(len(leads) - len(unique))
    return with_warnings(summary, [*warnings, *tally.left_out()])


def _target(given: JsonObject) -> str:
    chosen = [name for name in ("campaign_id", "list_id") if given.get(name)]
    if len(chosen) != 1:
        raise CallRefusedError(
            "bad_argument",
            "The leads need one destination: a campaign or a list.",
            "Give exactly one of campaign_id and list_id.",
        )
    return chosen[0]


def _converted(lead: JsonObject) -> JsonObject:
    converted = dict(lead)
    if isinstance(lead.get("email"), str):
        converted["email"] = lead["email"].strip()
    if "lt_interest_status" in lead:
        converted["lt_interest_status"] = to_interest(lead["lt_interest_status"])
    return converted


def _require_complete(leads: Sequence[JsonObject], target: str) -> None:
    """Refuse the whole call before anything is sent, naming the leads."""
    names = () if target == "campaign_id" else ("first_name", "last_name")
    enough = ("email", *names)
    lacking = [
        place
        for place, lead in enumerate(leads)
        if not any(str(lead.get(name) or "").strip() for name in enough)
    ]
    if lacking:
        named = ", ".join(map(str, lacking[:MAX_INDEXES_NAMED]))
        raise CallRefusedError(
            "incomplete_leads",
            f"{len(lacking)} leads lack what a {target.removesuffix('_id')} needs, "
            f"at index {named} (counted from 0).",
            "Each lead needs " + " or ".join(enough) + ". Nothing was added.",
            indexes=lacking[:100],
        )


def _without_duplicates(leads: Sequence[JsonObject]) -> list[IndexedLead]:
    """Keep the first lead of each address; leads without one are all kept."""
    seen: set[str] = set()
    kept = []
    for place, lead in enumerate(leads):
        address = str(lead.get("email") or "").lower()
        if address and address in seen:
            continue
        seen.add(address)
        kept.append((place, lead))
    return kept


def _how_to_go_on(error: ApiError, first: int) -> str:
    """Return the hint for a failed chunk, which may have been added nevertheless."""
    if in_doubt(error):
        return (
            f"Some of the leads from index {first} on (counted from 0) may have been "
            "added: check with list_leads, and tell the user."
        )
    return f"Call again with the leads from index {first} on (counted from 0)."


def _stopped(
    tally: Tally,
    error: ApiError,
    chunk: Sequence[IndexedLead],
    unique: Sequence[IndexedLead],
    done: int,
) -> ErrorResult:
    first = chunk[0][0]
    return ErrorResult(
        {
            "code": "partial_failure",
            "message": f"{done} leads were sent, then a chunk failed: {error.message}",
            "hint": _how_to_go_on(error, first),
            ("uncertain_from_index" if in_doubt(error) else "resume_from_index"): first,
            "not_sent": len(unique) - done,
            "error": error_object(error),
            "so_far": tally.as_object(0),
        }
    )
