"""What a world is made of: accounts, campaigns, leads, jobs, verifications.

Each record holds `shown`, the object exactly as the API shows it, and beside it what
the API hides. Records do nothing by themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from attrs import Factory, define, frozen

from .._json_codec import Json

Shown = dict[str, Json]


class CampaignStatus:
    """The campaign states that the simulation enters."""

    DRAFT = 0
    ACTIVE = 1
    PAUSED = 2
    COMPLETED = 3
    UNHEALTHY = -1


class LeadStatus:
    """The states of a lead in a campaign."""

    ACTIVE = 1
    PAUSED = 2
    COMPLETED = 3
    BOUNCED = -1
    UNSUBSCRIBED = -2
    SKIPPED = -3


class MailType:
    """The API's ``ue_type``."""

    CAMPAIGN = 1
    RECEIVED = 2
    MANUAL = 3
    SCHEDULED = 4


class Kind:
    """What can happen to a lead of a campaign, for the analytics."""

    SENT = "sent"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    AUTO_REPLIED = "auto replied"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    COMPLETED = "completed"
    OPPORTUNITY = "opportunity"


class Happening(NamedTuple):
    """One line of a campaign's history."""

    when: float
    kind: str
    lead_id: str
    step: int


class Answer(Enum):
    """How a person answers: interest status, automatic or not, and a tone."""

    INTERESTED = "interested"
    MEETING = "meeting"
    NOT_INTERESTED = "not interested"
    WRONG_PERSON = "wrong person"
    OUT_OF_OFFICE = "out of office"


@frozen(kw_only=True)
class Fate:
    """What a lead will do with the mail it gets, decided before the first one.

    :param answer_step: after which step (from 0) the answer comes.
    :param hours: how long the lead takes to react.
    """

    bounces: bool = False
    opens: int = 0
    clicks: bool = False
    answer: Answer | None = None
    answer_step: int = 0
    leaves: bool = False
    hours: float = 5.0


QUIET = Fate()
"""Reads nothing, answers nothing."""


@define(eq=False)
class Account:
    """A mailbox that sends."""

    shown: Shown
    tags: tuple[Shown, ...] = ()
    day: str = ""
    sent_today: int = 0
    last_sent: float = 0.0

    @property
    def email(self) -> str:
        """Its address, which is its id."""
        return str(self.shown["email"])


@define(eq=False)
class Lead:
    """A person in a campaign or a list.

    :param step: how many steps of the sequence went out.
    :param thread: the thread of the campaign's mail to it.
    :param sender: the account that wrote first and goes on writing.
    """

    shown: Shown
    step: int = 0
    thread: str | None = None
    subject: str = ""
    sender: str | None = None
    fate: Fate | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["id"])


@define(eq=False)
class Campaign:
    """A campaign, its queues and its history.

    :param fresh: leads that nobody has written to, first come first served.
    :param follow_ups: a heap of (due, lead id).
    :param run: counts activations and edits; a slot of an earlier run is void.
    """

    shown: Shown
    history: list[Happening] = Factory(list)
    fresh: deque[str] = Factory(deque)
    follow_ups: list[tuple[float, str]] = Factory(list)
    run: int = 0
    idle: bool = True
    day: str = ""
    sent_today: int = 0
    new_today: int = 0
    last_sent: float | None = None
    turn: int = 0
    tags: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["id"])

    @property
    def active(self) -> bool:
        """Whether it may send."""
        return bool(self.shown["status"] == CampaignStatus.ACTIVE)

    @property
    def steps(self) -> list[Shown]:
        """The steps of the only sequence that counts, the first."""
        sequences = self.shown.get("sequences") or [{}]
        return list(sequences[0].get("steps", ()))


@define(eq=False)
class Job:
    """A background job.

    :param finish: what it does to the world when it ends; returns its closing data.
    """

    shown: Shown
    started: float
    seconds: float
    finish: Callable[[], Shown]


@define(eq=False)
class Verification:
    """The check of one address, and the moment at which its outcome is known."""

    email: str
    outcome: str
    catch_all: bool
    known_at: float
