"""The records of a world: accounts, campaigns, leads, jobs, verifications.

The attribute `shown` of a record is the object exactly as the API returns it; the other
attributes are what the API does not show.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, TypeAlias

from attrs import Factory, define, frozen

from .._json_codec import Json

ApiObject: TypeAlias = dict[str, Json]
"""A JSON object as the API returns it."""

Predicate: TypeAlias = Callable[[ApiObject], bool]
"""Whether a filter selects an object."""


class AccountStatus:
    """The API's codes of an account's status; negative codes are errors."""

    ACTIVE = 1
    PAUSED = 2
    MAINTENANCE = 3
    CONNECTION_ERROR = -1


class WarmupStatus:
    """The API's codes of an account's warm-up; negative codes are errors."""

    PAUSED = 0
    ACTIVE = 1


class CampaignStatus:
    """The API's codes of a campaign's status; the simulation enters the first four."""

    DRAFT = 0
    ACTIVE = 1
    PAUSED = 2
    COMPLETED = 3
    RUNNING_SUBSEQUENCES = 4
    ACCOUNTS_UNHEALTHY = -1
    BOUNCE_PROTECT = -2
    ACCOUNT_SUSPENDED = -99


class LeadStatus:
    """The API's codes of a lead's status."""

    ACTIVE = 1
    PAUSED = 2
    COMPLETED = 3
    BOUNCED = -1
    UNSUBSCRIBED = -2
    SKIPPED = -3


class VerificationStatus:
    """The API's codes of the verification of a lead's address."""

    VERIFIED = 1
    PENDING = 11
    PENDING_LEAD_FINDER = 12
    INVALID = -1
    RISKY = -2
    CATCH_ALL = -3
    JOB_CHANGE = -4


class MailType:
    """The API's ``ue_type`` of an e-mail."""

    CAMPAIGN = 1
    RECEIVED = 2
    MANUAL = 3
    SCHEDULED = 4


class EventKind:
    """What can happen to a lead of a campaign; the analytics count these."""

    SENT = "sent"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    AUTO_REPLIED = "auto replied"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    COMPLETED = "completed"
    OPPORTUNITY = "opportunity"


class CampaignEvent(NamedTuple):
    """One entry of a campaign's history.

    `when` is in seconds since 1970, `step` counts from 0.
    """

    when: float
    kind: str
    lead_id: str
    step: int


class ReplyKind(Enum):
    """What a lead's reply says, which decides its text and its interest status."""

    INTERESTED = "interested"
    MEETING = "meeting"
    NOT_INTERESTED = "not interested"
    WRONG_PERSON = "wrong person"
    OUT_OF_OFFICE = "out of office"


@frozen(kw_only=True)
class LeadBehavior:
    """How a lead reacts to mail, decided before the first one.

    :param opens: how often it opens the mail of each step.
    :param reply_step: the step (from 0) to which it replies.
    :param unsubscribes: whether it unsubscribes after the first mail.
    :param delay_hours: how many hours pass before it reacts.
    """

    bounces: bool = False
    opens: int = 0
    clicks: bool = False
    reply: ReplyKind | None = None
    reply_step: int = 0
    unsubscribes: bool = False
    delay_hours: float = 5.0


QUIET = LeadBehavior()
"""Opens nothing and does not reply."""


@define(eq=False)
class Account:
    """A sending account.

    :param day: the UTC day that `sent_today` counts.
    """

    shown: ApiObject
    tags: tuple[ApiObject, ...] = ()
    day: str = ""
    sent_today: int = 0

    @property
    def email(self) -> str:
        """The address, which identifies the account."""
        return str(self.shown["email"])


@define(eq=False)
class Lead:
    """A person in a campaign or a list.

    :param step: how many steps of the sequence were sent to it.
    :param thread: the id of the thread of the campaign's mail to it.
    :param sender: the account that sent the first step and sends all others.
    :param replied_interest: the interest status that its last reply set.
    """

    shown: ApiObject
    step: int = 0
    thread: str | None = None
    subject: str = ""
    sender: str | None = None
    behavior: LeadBehavior | None = None
    replied_interest: int | None = None

    @property
    def id(self) -> str:
        """The id that the API shows."""
        return str(self.shown["id"])


@define(eq=False)
class Campaign:
    """A campaign, its queues and its history.

    :param fresh: the ids of leads that were not contacted yet, in order of arrival.
    :param follow_ups: a heap of (when it is due, lead id).
    :param run: counts activations and edits; slots of an earlier run are ignored.
    :param idle: whether no slot is on the agenda.
    :param day: the day in the campaign's time zone that the daily counters count.
    :param turn: counts new leads, so that the senders take turns.
    """

    shown: ApiObject
    history: list[CampaignEvent] = Factory(list)
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
        """The id that the API shows."""
        return str(self.shown["id"])

    @property
    def active(self) -> bool:
        """Whether it may send."""
        return bool(self.shown["status"] == CampaignStatus.ACTIVE)

    @property
    def steps(self) -> list[ApiObject]:
        """The steps of the first sequence; the API ignores all others."""
        sequences = self.shown.get("sequences") or [{}]
        return list(sequences[0].get("steps", ()))


@define(eq=False)
class Job:
    """A background job.

    :param seconds: how long it takes.
    :param finish: makes its effect on the world and returns its final data.
    """

    shown: ApiObject
    started: float
    seconds: float
    finish: Callable[[], ApiObject]


@define(eq=False)
class Verification:
    """The verification of one address.

    :param known_at: when the outcome is known, in seconds since 1970.
    """

    email: str
    outcome: str
    catch_all: bool
    known_at: float
