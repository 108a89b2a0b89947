"""The preview of a deletion: what is deleted, and what depends on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...._json_codec import Json, JsonObject
from ....access.preview import Fact
from ...tools.workflows.deletions import (
    DELETE_ACCOUNT,
    DELETE_CAMPAIGN,
    DELETE_LEAD,
    DELETE_LIST,
    Deletion,
)
from ...untrusted.marking import without_marks
from ..assessment.subject import WriteSubject
from .parts import Found, fact, label_of_member, listed, text_of

DELETIONS: Mapping[str, Deletion] = {
    each.operation: each
    for each in (DELETE_LEAD, DELETE_LIST, DELETE_CAMPAIGN, DELETE_ACCOUNT)
}

VOLATILE = frozenset(
    {"opens", "clicks", "replies", "last_contact", "contacted", "emails_sent"}
    | {"opportunities", "warmup_score"}
)
"""Counts that change while a person reads, and so would need another consent."""


async def build_deletion(subject: WriteSubject) -> Found:
    """Find what a deletion removes."""
    deletion = DELETIONS[subject.operation.id]
    id = str(subject.arguments[deletion.key])
    found = await deletion.survey(subject.context, id, subject.call)
    unread = [fact("Not known", ", ".join(found.unknown))] if found.unknown else []
    warnings = [fact("Warning", without_marks(each)) for each in found.warnings]
    return Found(
        title=f"{subject.operation.summary}. It cannot be restored.",
        facts=(
            *_facts("", found.thing),
            *_facts("Goes with it: ", found.with_it),
            *unread,
            *warnings,
        ),
        covers=frozenset({deletion.key, "dry_run"}),
    )


def _facts(before: str, members: JsonObject) -> Iterator[Fact]:
    for name, value in members.items():
        if name not in VOLATILE:
            yield fact(f"{before}{label_of_member(name)}", _shown(value))


def _shown(value: Json) -> str:
    if isinstance(value, list):
        return listed([_shown(each) for each in value])
    if isinstance(value, dict):
        return str(value.get("name") or value.get("id") or text_of(value))
    return text_of(value)
