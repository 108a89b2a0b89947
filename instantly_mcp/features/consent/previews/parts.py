"""What the previews are made of: what a builder finds, and how values are shown."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import TypeAlias

from attrs import frozen

from ...._json_codec import Json, JsonObject, dumps
from ....access.preview import Fact
from ....catalog.codes import CAMPAIGN_STATUS
from ..assessment.subject import NOT_READABLE, WriteSubject
from .showing import MAX_FACT, line

NOT_KNOWN = "not known"

MAX_ARGUMENT_IN_FACTS = 300
"""Most characters of an argument among the facts; longer text is shown apart."""

MAX_NAMED = 10
"""Most things of a list that are named; the others are counted."""


@frozen(kw_only=True)
class Found:
    """What a builder found out about a write.

    :param title: one sentence without text of others: what the write does.
    :param covers: the arguments of the tool that the facts show already.
    :param facts: see `access.preview.Preview`, like the others.
    """

    title: str = ""
    facts: tuple[Fact, ...] = ()
    untrusted: tuple[Fact, ...] = ()
    unseen: tuple[str, ...] = ()
    covers: frozenset[str] = frozenset()


Build: TypeAlias = Callable[[WriteSubject], Awaitable[Found]]
"""Finds out what a write does; raises `ApiError` if it cannot succeed."""


def fact(label: str, value: Json) -> Fact:
    """Return a fact; an unknown value is said to be unknown."""
    return label, NOT_KNOWN if value in (None, "") else line(value, MAX_FACT)


def known(*facts: tuple[str, Json]) -> tuple[Fact, ...]:
    """Return the facts whose value is known."""
    return tuple(fact(*each) for each in facts if each[1] not in (None, "", []))


def listed(things: Collection[Json]) -> str:
    """Return a list in one line: the first ones, and how many more there are."""
    named = [line(each) for each in list(things)[:MAX_NAMED]]
    more = len(things) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def status_word(campaign: JsonObject | None) -> str:
    """Return the status of a campaign as a word."""
    code = None if campaign is None else campaign.get("status")
    if not isinstance(code, int) or isinstance(code, bool):
        return NOT_KNOWN
    return CAMPAIGN_STATUS.get(code, NOT_KNOWN).replace("_", " ")


def campaign_facts(id: Json, campaign: JsonObject | None) -> tuple[Fact, ...]:
    """Return name, status and id of a campaign."""
    name = NOT_READABLE if campaign is None else line(campaign.get("name") or id)
    status = "treated as active" if campaign is None else status_word(campaign)
    return ("Campaign", name), ("Its status", status), ("Its id", line(id))


def reached_campaigns(subject: WriteSubject) -> tuple[Fact, ...]:
    """Return name, status and id of each campaign that a write reaches."""
    campaigns = subject.reach.campaigns.items()
    return tuple(each for id, found in campaigns for each in campaign_facts(id, found))


_SECRET = re.compile(r"password|passwd|secret|token|api_?key|credential", re.IGNORECASE)
_VARIABLES = "custom_variables"
SECRET_SHOWN = "(not shown)"


def without_secrets(value: Json) -> Json:
    """Return a value without those of members whose name says that they are secret.

    The variables of a lead are shown whatever their names: mail can say them.
    """
    if isinstance(value, dict):
        return {name: _shown_of(name, each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return value


def _shown_of(name: str, value: Json) -> Json:
    if name == _VARIABLES:
        return value
    return SECRET_SHOWN if _SECRET.search(name) else without_secrets(value)


def given_values(arguments: JsonObject, covered: Collection[str]) -> Iterator[Fact]:
    """Yield the arguments of a tool that no fact shows yet."""
    shown = without_secrets(arguments)
    for name in sorted(shown):
        if name not in covered:
            yield label_of_member(name), text_of(shown[name])


def label_of_member(name: str) -> str:
    """Return the name of a member as a label."""
    return name.replace("_", " ").capitalize()


def text_of(value: Json) -> str:
    """Return a value as text: JSON if it is not text itself."""
    return value if isinstance(value, str) else dumps(value).decode()
