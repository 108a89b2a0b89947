"""The kinds of objects that can be found by name, and how names are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

from attrs import field, frozen

from ..._json_codec import JsonObject
from ..._object_ids import UUID

ADDRESS = re.compile(r"\S+@\S+")
MAX_SHOWN_CHARS = 100
"""Characters that a message shows of a name."""


@frozen
class Completion:
    """One object that can be found by name.

    :param value: its id, or for an account its address.
    :param name: what people type; for an address, the address itself.
    :param alias: another name of it: for an account, its owner's name.
    """

    value: str
    name: str
    alias: str = ""

    def is_called(self, wanted: str) -> bool:
        """Return whether this is its name, given without outer spaces in lower case."""
        names = (plain_name(self.name), plain_name(self.alias), self.value.lower())
        return wanted != "" and wanted in names


Completions: TypeAlias = Sequence[Completion]


@frozen(kw_only=True)
class ObjectKind:
    """One kind of object that can be found by name.

    :param name: what messages call it.
    :param operation: the operation that lists such objects.
    :param reads: the operation that reads one of them.
    :param key: the parameter of `reads` that names the object.
    :param tool: the tool that lists them.
    :param completion_of: returns the completion of a listed item, or ``None``.
    :param id_form: what an id looks like; such a text is never looked up.
    :param searches: the operation takes ``search``, which finds what the first pages
        of a large workspace do not hold.
    :param by_name: such objects have names, which can stand for their ids.
    :param given: further arguments of the operation.
    """

    name: str
    operation: str
    reads: str
    key: str = "id"
    tool: str
    completion_of: Callable[[JsonObject], Completion | None]
    id_form: re.Pattern[str] = UUID
    searches: bool = True
    by_name: bool = True
    given: JsonObject = field(factory=dict)


def _named(item: JsonObject) -> Completion | None:
    id = item.get("id")
    return Completion(str(id), str(item.get("name") or id)) if id else None


def _address(item: JsonObject) -> Completion | None:
    email = item.get("email")
    if not email:
        return None
    owner = (item.get("first_name"), item.get("last_name"))
    return Completion(str(email), str(email), " ".join(str(n) for n in owner if n))


def _job(item: JsonObject) -> Completion | None:
    id = item.get("id")
    said = f"{item.get('type')} {item.get('status')}"
    return Completion(str(id), said) if id else None


CAMPAIGNS = ObjectKind(
    name="campaign",
    operation="listCampaign",
    reads="getCampaign",
    tool="list_campaigns",
    completion_of=_named,
)
LEAD_LISTS = ObjectKind(
    name="lead list",
    operation="listLeadList",
    reads="getLeadList",
    tool="list_lead_lists",
    completion_of=_named,
)
ACCOUNTS = ObjectKind(
    name="account",
    operation="listAccount",
    reads="getAccount",
    key="email",
    tool="list_accounts",
    completion_of=_address,
    id_form=ADDRESS,
)
WITH_IDS = (CAMPAIGNS, LEAD_LISTS)
"""The kinds whose ids look alike, so that one is given for the other."""

JOBS = ObjectKind(
    name="job",
    operation="listBackgroundJob",
    reads="getBackgroundJob",
    tool="list_background_jobs",
    completion_of=_job,
    searches=False,
    by_name=False,
    given={"sort_column": "created_at", "sort_order": "desc"},
)


def matches(entries: Iterable[Completion], typed: str) -> Completions:
    """Return the entries that start with the text, then those that contain it."""
    wanted = typed.strip().lower()
    first, then = [], []
    for entry in entries:
        name, value = entry.name.lower(), entry.value.lower()
        if name.startswith(wanted) or value.startswith(wanted):
            first.append(entry)
        elif wanted in name or wanted in value:
            then.append(entry)
    return [*first, *then]


def plain_name(name: str) -> str:
    """Return a name in lower case, with single spaces."""
    return " ".join(name.lower().split())


def closest(entries: Completions, wanted: str) -> Completions:
    """Return different entries, the most similar names first."""
    matcher = SequenceMatcher(b=wanted, autojunk=False)

    def similarity(entry: Completion) -> float:
        best = 0.0
        for name in filter(None, (plain_name(entry.name), plain_name(entry.alias))):
            matcher.set_seq1(name[:MAX_SHOWN_CHARS])
            part = len(name) > 2 and (wanted in name or name in wanted)
            best = max(best, matcher.ratio() + part)
        return best

    return sorted(dict.fromkeys(entries), key=similarity, reverse=True)


def what_names(kind: ObjectKind) -> str:
    """Return what may be given for such an object."""
    return "address or name" if kind is ACCOUNTS else "name or id"


def next_step(kind: ObjectKind, with_candidates: bool) -> str:
    """Return the hint of a refusal."""
    key = "address" if kind is ACCOUNTS else "id"
    if with_candidates:
        return f"Use the {key} of one of the candidates; {kind.tool} has all of them."
    return f"Find its {key} with {kind.tool}."
