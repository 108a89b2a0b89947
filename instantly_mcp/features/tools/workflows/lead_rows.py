"""The rows of a bulk add: which can be sent, and which are left out and why.

Two kinds of rows cannot be added. An address that mail cannot be sent to, and a second
row with the same address, never become a lead: they are left out and named. A row
without an address or name where one is needed is probably a mistake in all rows, such
as a wrong column, so the whole call is refused unless the caller agreed to leave them
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from attrs import define, field, frozen

from ...._json_codec import Json, JsonObject
from ...results import CallRefusedError
from ...workspace.labels import to_interest
from ...workspace.mail.addresses import AddressProblem, read_address

MAX_ROWS_NAMED = 50
"""Rows that are named one by one; of the others the result has the indexes."""

MAX_RANGES = 200
"""Ranges of indexes for the rows beyond that."""

MAX_ADDRESS_SHOWN = 80

NEEDED = {
    "campaign_id": ("email",),
    "list_id": ("email", "first_name", "last_name"),
}
"""Of these members a lead needs one, by the argument that names its destination."""

IndexedLead = tuple[int, JsonObject]
"""A lead and its index in the caller's list."""


@frozen
class RefusedRow:
    """A row that is not added.

    :param index: its place in the caller's list, counted from 0.
    :param meant: the address that was certainly meant.
    :param repeated: another row with its address is sent, so nothing is lost.
    """

    index: int
    email: str
    reason: str
    meant: str | None = None
    repeated: bool = False

    def as_object(self) -> JsonObject:
        """Return what the result says about the row."""
        shown: dict[str, Json] = {"index": self.index, "reason": self.reason}
        if self.email:
            shown["email"] = self.email[:MAX_ADDRESS_SHOWN]
        if self.meant is not None:
            shown["meant"] = self.meant
        return shown


@define
class Rows:
    """The rows of one call, sorted into what is sent and what is not.

    :param to_send: complete leads, each address once, with their indexes.
    """

    to_send: list[IndexedLead] = field(factory=list)
    bad: list[RefusedRow] = field(factory=list)
    duplicates: list[RefusedRow] = field(factory=list)
    incomplete: list[RefusedRow] = field(factory=list)

    @property
    def given(self) -> int:
        """How many rows the caller gave."""
        return len(self.to_send) + len(self.refused)

    @property
    def refused(self) -> list[RefusedRow]:
        """All rows that are not sent."""
        return [*self.bad, *self.duplicates, *self.incomplete]


def sorted_rows(leads: Sequence[JsonObject], destination: str) -> Rows:
    """Sort the rows, without sending anything.

    :param destination: ``campaign_id`` or ``list_id``.
    :raises CallRefusedError: for an unknown interest status, naming its row.
    """
    rows, seen = Rows(), dict[str, int]()
    needed = NEEDED[destination]
    for index, lead in enumerate(leads):
        text = str(lead.get("email") or "")
        if not any(str(lead.get(name) or "").strip() for name in needed):
            reason = "incomplete: it has no " + " or ".join(needed)
            rows.incomplete.append(RefusedRow(index, text, reason))
            continue
        if not text.strip():
            rows.to_send.append((index, _converted(lead, index)))
            continue
        address = read_address(text)
        if isinstance(address, AddressProblem):
            reason = f"not an address: it {address.reason}"
            rows.bad.append(RefusedRow(index, text, reason, address.meant))
            continue
        first = seen.setdefault(address.lower(), index)
        if first != index:
            reason = f"duplicate: the same address as index {first}"
            rows.duplicates.append(RefusedRow(index, text, reason, repeated=True))
            continue
        rows.to_send.append((index, {**_converted(lead, index), "email": address}))
    return rows


def require_rows(rows: Rows, destination: str, *, skip_incomplete: bool) -> None:
    """Refuse the whole call if rows are incomplete, or if no row is left to send.

    :raises CallRefusedError: ``incomplete_leads`` or ``no_valid_leads``.
    """
    if rows.incomplete and not skip_incomplete:
        needed = " or ".join(NEEDED[destination])
        raise CallRefusedError(
            "incomplete_leads",
            f"{len(rows.incomplete)} of {rows.given} leads lack what a "
            f"{destination.removesuffix('_id')} needs. Nothing was added.",
            f"Each lead needs {needed}. Complete them, or leave them out with "
            "skip_incomplete.",
            **named(rows.refused),
        )
    if not rows.to_send:
        raise CallRefusedError(
            "no_valid_leads",
            "No lead can be added. Nothing was sent.",
            "Correct the addresses.",
            **named(rows.refused),
        )


def named(refused: Sequence[RefusedRow]) -> dict[str, Json]:
    """Return how many rows are not added, and which: the first ones with reasons.

    If there are many, the duplicates are those that are named by their index only.
    """
    ordered = sorted(refused, key=lambda row: (row.repeated, row.index))
    shown, rest = ordered[:MAX_ROWS_NAMED], ordered[MAX_ROWS_NAMED:]
    shown.sort(key=lambda row: row.index)
    rest.sort(key=lambda row: row.index)
    found: dict[str, Json] = {
        "not_added": len(ordered),
        "refused": [row.as_object() for row in shown],
    }
    if ordered:
        found["indexes_count_from"] = 0
    if rest:
        found["refused_also"] = _ranges([row.index for row in rest])
    return found


def left_out_by_instantly(
    reply: JsonObject, chunk: Sequence[IndexedLead], reasons: Mapping[str, str]
) -> list[RefusedRow]:
    """Return the rows of a chunk that Instantly did not add, if its reply shows them.

    The reply lists what was added and counts the rest by reason. A row's reason is
    certain only if the chunk has no other one.

    :param reasons: what each counter of the reply means.
    """
    added = set(_places(reply))
    if len(added) != reply.get("leads_uploaded"):
        return []
    why = [reasons[name] for name in reasons if reply.get(name)]
    reason = " or ".join(why) or "no reason given"
    return [
        RefusedRow(index, str(lead.get("email") or ""), f"not added: {reason}")
        for place, (index, lead) in enumerate(chunk)
        if place not in added
    ]


def _places(reply: JsonObject) -> Iterator[int]:
    created = reply.get("created_leads")
    for lead in created if isinstance(created, list) else ():
        if isinstance(lead, dict) and isinstance(lead.get("index"), int):
            yield lead["index"]


def _converted(lead: JsonObject, index: int) -> JsonObject:
    """Return the lead as Instantly takes it.

    :raises CallRefusedError: for an unknown interest status.
    """
    name = "lt_interest_status"
    if name not in lead:
        return lead
    try:
        return {**lead, name: to_interest(lead[name])}
    except CallRefusedError as refusal:
        raise CallRefusedError(
            refusal.code,
            f"leads.{index}.{name}: {refusal.message}",
            f"{refusal.hint} Nothing was added.",
        ) from None


def _ranges(indexes: Sequence[int]) -> str:
    """Return indexes in short form, such as ``101-120, 133``."""
    texts = []
    for _, group in groupby(enumerate(indexes), lambda pair: pair[1] - pair[0]):
        run = [index for _, index in group]
        texts.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    cut = f", … {len(texts) - MAX_RANGES} more" if len(texts) > MAX_RANGES else ""
    return ", ".join(texts[:MAX_RANGES]) + cut
