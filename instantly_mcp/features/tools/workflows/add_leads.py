"""add_leads_to_campaign_or_list_bulk: up to 20,000 leads, in chunks of a thousand.

Every lead that was given is either added or named in the result; `lead_rows` decides
what is sent. An add that stops early, for a failure or because the client does not wait
longer, says at which index to go on.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError
from ....protocol.calls.call import Call
from ...error_hints import in_doubt
from ...results import (
    CallRefusedError,
    ErrorResult,
    ToolOutcome,
    error_object,
    message_of,
)
from ...workspace.context import FeatureContext
from .lead_rows import (
    IndexedLead,
    RefusedRow,
    Rows,
    left_out_by_instantly,
    named,
    require_rows,
    sorted_rows,
)
from .warnings import (
    warnings_for_joining,
    warnings_for_verification,
    with_warnings,
)

CHUNK_LEADS = 1000
"""The leads of one call: the API's limit."""

CHUNK_SECONDS = 10.0
"""Time that must be left to start a further chunk."""

MAX_LEADS = 20_000
MAX_CREATED_SHOWN = 20

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


@define
class Tally:
    """What was done so far: the sums of the counters, and the rows of the leads.

    :param refused: the rows that were not added, for whatever reason.
    :param unnamed: how many leads Instantly left out without showing which.
    """

    refused: list[RefusedRow]
    counters: dict[str, int] = field(factory=lambda: dict.fromkeys(COUNTERS, 0))
    created: list[JsonObject] = field(factory=list)
    unnamed: int = 0
    blocklist_used: Json = None
    remaining_in_plan: Json = None

    def add(self, reply: JsonObject, chunk: Sequence[IndexedLead]) -> None:
        """Add one chunk's reply, converting its indexes to the caller's."""
        for name in COUNTERS:
            self.counters[name] += _count(reply, name)
        self.blocklist_used = reply.get("blocklist_used") or self.blocklist_used
        remaining = reply.get("remaining_in_plan")
        if remaining is not None:
            self.remaining_in_plan = remaining
        left_out = left_out_by_instantly(reply, chunk, LEFT_OUT)
        self.refused += left_out
        missing = _count(reply, "total_sent") - _count(reply, "leads_uploaded")
        self.unnamed += max(0, missing - len(left_out))
        created = reply.get("created_leads")
        for lead in created if isinstance(created, list) else ():
            if not isinstance(lead, dict):
                continue
            index = lead.get("index")
            if isinstance(index, int) and 0 <= index < len(chunk):
                index = chunk[index][0]
            self.created.append(
                {"index": index, "id": lead.get("id"), "email": lead.get("email")}
            )

    def warnings(self, given: JsonObject) -> list[str]:
        """Return warnings: how many leads Instantly left out, and what it costs."""
        uploaded = self.counters["leads_uploaded"]
        return [*self._left_out(), *warnings_for_verification(given, uploaded)]

    def _left_out(self) -> list[str]:
        why = [
            f"{self.counters[n]} {w}" for n, w in LEFT_OUT.items() if self.counters[n]
        ]
        sent = self.counters["total_sent"]
        count = sent - self.counters["leads_uploaded"]
        if count <= 0:
            return []
        reasons = ": " + ", ".join(why) if why else ""
        return [f"{count} of {sent} leads were not added{reasons}."]

    def as_object(self, rows: Rows) -> dict[str, Json]:
        """Return the merged summary."""
        summary: dict[str, Json] = {
            "given": rows.given,
            **self.counters,
            "duplicates_removed": len(rows.duplicates),
            **named(self.refused),
        }
        if self.unnamed:
            summary["not_added"] = len(self.refused) + self.unnamed
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

    :raises CallRefusedError: before anything is sent, when leads are incomplete or none
        is left to send.
    """
    asked = dict(given)
    skip_incomplete = bool(asked.pop("skip_incomplete", False))
    destination = _destination(asked)
    rows = sorted_rows(asked["leads"], destination)
    require_rows(rows, destination, skip_incomplete=skip_incomplete)
    chunks = [
        rows.to_send[at : at + CHUNK_LEADS]
        for at in range(0, len(rows.to_send), CHUNK_LEADS)
    ]
    warnings = await warnings_for_joining(context, asked.get("campaign_id"), call)
    tally, done = Tally(rows.refused), 0
    if len(chunks) > 1:
        call.become_task(f"Adding {len(rows.to_send)} leads in {len(chunks)} chunks")
    for number, chunk in enumerate(chunks, 1):
        if number > 1 and context.wait_seconds(call, CHUNK_SECONDS) < CHUNK_SECONDS:
            summary = tally.as_object(rows) | _rest(chunk, rows, done)
            return with_warnings(summary, [*warnings, *tally.warnings(asked)])
        request = {**asked, "leads": [lead for _, lead in chunk]}
        try:
            reply = await context.fetch("bulkAddLeads", request, call)
        except (ApiError, CallRefusedError) as error:
            if number == 1:
                raise
            facts = {
                "not_sent": len(rows.to_send) - done,
                "so_far": tally.as_object(rows),
            }
            if isinstance(error, CallRefusedError):
                return ErrorResult({**error.as_object(), **facts})
            return _stopped(error, chunk[0][0], done, facts)
        tally.add(reply, chunk)
        done += len(chunk)
        call.progress(done, len(rows.to_send), f"Added chunk {number} of {len(chunks)}")
    summary = tally.as_object(rows)
    return with_warnings(summary, [*warnings, *tally.warnings(asked)])


def _destination(given: JsonObject) -> str:
    chosen = [name for name in ("campaign_id", "list_id") if given.get(name)]
    if len(chosen) != 1:
        raise CallRefusedError(
            "bad_argument",
            "The leads need one destination: a campaign or a list.",
            "Give exactly one of campaign_id and list_id.",
        )
    return chosen[0]


def _count(reply: JsonObject, name: str) -> int:
    count = reply.get(name)
    return int(count) if isinstance(count, int | float) else 0


def _rest(chunk: Sequence[IndexedLead], rows: Rows, done: int) -> dict[str, Json]:
    """Return how to go on after an add that stopped in time, before a chunk."""
    first = chunk[0][0]
    return {
        "complete": False,
        "not_sent": len(rows.to_send) - done,
        "resume_from_index": first,
        "next": f"Call again with the leads from index {first} on (counted from 0).",
    }


def _how_to_go_on(error: ApiError, first: int) -> str:
    """Return the hint for a failed chunk, which may have been added nevertheless."""
    if in_doubt(error):
        return (
            f"Some of the leads from index {first} on (counted from 0) may have been "
            "added: check with list_leads, and tell the user."
        )
    return f"Call again with the leads from index {first} on (counted from 0)."


def _stopped(error: ApiError, first: int, done: int, facts: JsonObject) -> ErrorResult:
    return ErrorResult(
        {
            "code": "partial_failure",
            "message": f"{done} leads were sent, then a chunk failed: "
            + message_of(error),
            "hint": _how_to_go_on(error, first),
            ("uncertain_from_index" if in_doubt(error) else "resume_from_index"): first,
            **facts,
            "error": error_object(error),
        }
    )
