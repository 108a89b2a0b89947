"""How many objects a write selects, if it does not say so itself.

The operator's caps count leads. A move of a whole list names only the list, so the list
is counted before. What cannot be counted stays open, which a cap refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from attrs import evolve

from ....access.act import Act
from .selection import read_selection
from .subject import WriteSubject


class Amounts(TypedDict):
    """The parameters of an `Act` that say what it counts."""

    amounts: Mapping[str, int]
    open_amounts: frozenset[str]


def amounts_of(subject: WriteSubject) -> Amounts:
    """Return what a write counts against the caps, by its arguments.

    A list that enriches its leads costs a credit for each of them, or more.
    """
    operation, given = subject.operation, subject.arguments
    amounts = dict(operation.amounts_with(given))
    still_open = operation.open_amounts_with(given)
    if subject.reach.enriches:
        amounts["credits"] = max(amounts.get("credits", 0), amounts.get("leads", 1))
        still_open |= {"credits"} if "leads" in still_open else set()
    return {"amounts": amounts, "open_amounts": still_open}


async def counted(subject: WriteSubject, act: Act) -> Act:
    """Return an act with what it counts against the caps at most, as far as known."""
    if not act.open_amounts or subject.operation.id not in _COUNT:
        return act
    most = await _COUNT[subject.operation.id](subject)
    if most is None:
        return act
    amounts = {**act.amounts, **dict.fromkeys(act.open_amounts, max(1, most))}
    return evolve(act, amounts=amounts, open_amounts=frozenset())


async def _moved(subject: WriteSubject) -> int | None:
    return (await read_selection(subject)).most


_COUNT = {"moveLeads": _moved}
"""Counts what an operation selects, by its id; ``None`` if that is not known."""
