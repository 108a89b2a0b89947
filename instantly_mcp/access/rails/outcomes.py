"""The rail of unknown outcomes: what may have been sent is not sent again blindly.

Each write is recorded before it is sent. The record ends with the answer; if that was
lost, or the process ended meanwhile, the outcome is unknown. An equal write is then
refused for a day, with the tool that shows whether the first one took effect. Once the
caller has called that tool, the equal write passes.

A write that is idempotent has the same effect when it is repeated: it is recorded, and
never refused. Mail that was sent by hand is not sent again within ten minutes.

Equal means: by the same caller, in the same workspace, with the same arguments of the
API. Keys play no part in it, so it holds over a restart and over a rotation of keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import ClassVar

from attrs import define, field
from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ..._deferred import deferred
from ..._json_codec import Json
from ...catalog.operation import Operation, Risk
from ..act import Act, Ending, EndingKind
from ..interfaces import IRail
from ..refusal import OUTCOME_UNKNOWN, AccessRefusedError
from .durably import recorded
from .interfaces import IWriteRecords
from .records import WriteRecord, WriteState, owner_of, request_digest

UNKNOWN_SECONDS = 86_400.0
"""How long an unknown outcome stands against an equal write."""

SENT_SECONDS = 600.0
"""How long the same mail is not sent again."""

SHOWN_AFTER_SECONDS = 10.0
"""How long Instantly may take until a read shows what a write did."""


def sends_once(operation: Operation) -> bool:
    """Return whether each call of an operation sends another mail."""
    return Risk.SENDS in operation.risks and not operation.effect.idempotent


@implementer(IRail)
@define(eq=False)
class OutcomeRail:
    """Records each write, and refuses to repeat one whose outcome is unknown.

    :param wall: returns the time in seconds since the epoch.
    :param shown_by: the tool that shows whether an operation took effect, by the id of
        the operation; the text may say more than the name.
    """

    log: ClassVar[Logger] = Logger()
    name: ClassVar[str] = "outcomes"

    records: IWriteRecords
    wall: Callable[[], float]
    shown_by: Mapping[str, str]
    _unknown: dict[tuple[str, str], int] = field(factory=dict, init=False)
    _numbers: Iterator[int] = field(factory=count, init=False)

    @deferred
    async def start(self) -> None:
        """Find out what earlier processes left; must come before any write."""
        await self.records.recover()
        since = self.wall() - UNKNOWN_SECONDS
        for owner, operation in await self.records.unknown_since(since):
            self._note_unknown(owner, operation)

    @deferred
    async def look(self, act: Act) -> None:
        """Refuse a write that an equal one stands against, without recording it."""
        record = self._record(act)
        states = _standing_against(act.operation, record.at)
        if states:
            against = await recorded(self.records.latest(record.request, states))
            if against is not None:
                raise self._refusal(against, record.at)

    @deferred
    async def before(self, act: Act) -> None:
        record = self._record(act)
        states = _standing_against(act.operation, record.at)
        try:
            against = await recorded(self.records.begin(record, states))
        except CancelledError:
            # The record may be made all the same, before this.
            await self.records.end(act.id, WriteState.SETTLED)
            raise
        if against is not None:
            raise self._refusal(against, record.at)

    def _record(self, act: Act) -> WriteRecord:
        owner = owner_of(act.principal, act.workspace_key)
        return WriteRecord(
            act=act.id,
            request=request_digest(owner, act.operation.id, act.arguments),
            owner=owner,
            operation=act.operation.id,
            at=self.wall(),
        )

    @deferred
    async def after(self, act: Act, ending: Ending) -> None:
        state = WriteState.SETTLED
        if ending.kind is EndingKind.AMBIGUOUS:
            state = WriteState.UNKNOWN
            if not act.operation.effect.idempotent:
                owner = owner_of(act.principal, act.workspace_key)
                self._note_unknown(owner, act.operation.id)
        elif ending.kind is EndingKind.DONE and sends_once(act.operation):
            state = WriteState.DONE
        await self.records.end(act.id, state)

    def read(self, principal: str, workspace_key: str, tool: str) -> None:
        """Note that a caller has read something, with a tool that succeeded.

        Costs nothing unless the tool shows an unknown outcome of that caller.
        """
        if not self._unknown:
            return
        owner = owner_of(principal, workspace_key)
        shown = {
            (owner, operation): self._unknown[owner, operation]
            for operation, shows in self.shown_by.items()
            if (owner, operation) in self._unknown and shows.split(" ")[0] == tool
        }
        if shown:
            operations = [operation for _, operation in shown]
            before = self.wall() - SHOWN_AFTER_SECONDS
            looked = self.records.look(owner, operations, before)
            looked.addCallback(self._looked, shown)
            looked.addErrback(self._not_noted)

    def _note_unknown(self, owner: str, operation: str) -> None:
        """Remember what a read may show, until a read has shown it."""
        if operation in self.shown_by:
            self._unknown[owner, operation] = next(self._numbers)

    def _looked(self, left: int, shown: Mapping[tuple[str, str], int]) -> None:
        """Forget what was shown, but not what became unknown during the look."""
        if left == 0:
            for pair, number in shown.items():
                if self._unknown.get(pair) == number:
                    del self._unknown[pair]

    def _not_noted(self, failure: Failure) -> None:
        self.log.failure("A look at the present state was not noted", failure=failure)

    def _refusal(self, against: WriteRecord, now: float) -> AccessRefusedError:
        shows = self.shown_by.get(against.operation)
        ago = max(0, round(now - against.at))
        facts: dict[str, Json] = {"seconds_ago": ago}
        if shows is not None:
            facts["look_at"] = shows
        if against.state is WriteState.DONE:
            return AccessRefusedError(
                OUTCOME_UNKNOWN,
                f"The same mail was sent {ago} s ago. It was not sent again.",
                "Tell the user that it was sent.",
                **facts,
            )
        if against.state is WriteState.SENDING:
            return AccessRefusedError(
                OUTCOME_UNKNOWN,
                "The same call is being sent now. Nothing was sent again.",
                "Wait for the result of that call.",
                **facts,
            )
        look = "Read the present state" if shows is None else f"Look with {shows}"
        return AccessRefusedError(
            OUTCOME_UNKNOWN,
            "The same call was sent before, and whether it took effect is not known. "
            "Nothing was sent again.",
            f"{look}, and tell the user what you found.",
            **facts,
        )


def _standing_against(operation: Operation, now: float) -> Mapping[WriteState, float]:
    """Return the states of an equal write that stand against one, with their times."""
    states: dict[WriteState, float] = {}
    if not operation.effect.idempotent:
        states[WriteState.UNKNOWN] = now - UNKNOWN_SECONDS
    if sends_once(operation):
        states[WriteState.SENDING] = now - UNKNOWN_SECONDS
        states[WriteState.DONE] = now - SENT_SECONDS
    return states
