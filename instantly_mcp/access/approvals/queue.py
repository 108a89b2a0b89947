"""The queue of calls that wait for a person's approval.

A caller's program asks with the call itself and collects the decision by repeating it.
A person decides on the page of this daemon or in its terminal, never over MCP. Every
change of a request is one compare-and-set in the store, so of two decisions made at the
same time, and of two calls that collect one approval, one wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from secrets import choice
from typing import ClassVar

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from ..._deferred import deferred, to_its_end
from ..._json_codec import JsonObject, dumps
from ..._noop import always, noop
from ..act import Act, Consent
from ..interfaces import IApprovals
from ..preview import Preview
from .approval import (
    MAX_PENDING,
    OPEN,
    PENDING_SECONDS,
    Addition,
    Approval,
    ApprovalState,
    NotPendingError,
    audit_line,
)
from .interfaces import IApprovalDesk, IApprovalStore
from .refusals import (
    PageOf,
    denied,
    not_valid_any_more,
    pending,
    too_many_pending,
)

HISTORY_SECONDS = 30 * 24 * 3600
"""How long closed requests are kept, for the list of what was decided."""

HISTORY_BYTES = 64 << 20
"""How large all requests together may become until the oldest closed ones are removed.

A program can have its requests replaced without end, and each may hold a long mail."""

FORGET_SECONDS = 60.0
"""How often those that are older, or too many, are removed."""

SWEEP_SECONDS = 5.0
"""How often the daemon closes requests whose time is over."""

ID_LENGTH = 8
_ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without the letters and digits that people confuse."""

_ATTEMPTS = 5
"""Each further attempt means that another caller changed the same request meanwhile."""


def _no_page(id: str) -> str | None:
    return None


@implementer(IApprovals, IApprovalDesk)
@define(eq=False, kw_only=True)
class Approvals:
    """Asks for approvals, takes the decisions, and hands out each approval once.

    A change that has begun is finished, with its audit line and those who wait for it,
    also when the browser or the program that caused it has left.

    :param policy: the version of the present policy; ``None`` for a command that
        decides while no daemon runs: the next daemon compares the version.
    :param wall: returns seconds since the epoch.
    :param seconds: returns the time of a clock that is never set, so that a request of
        this process does not live longer when the wall clock is set back.
    :param page_of: see `PageOf`.
    :param note: called with an audit line for each question and each decision.
    :param is_valid: says whether the connection token of an id is still valid.
    """

    log: ClassVar[Logger] = Logger()

    store: IApprovalStore
    policy: str | None
    wall: Callable[[], float]
    seconds: Callable[[], float]
    page_of: PageOf = _no_page
    is_valid: Callable[[str], bool] = always
    note: Callable[[JsonObject], object] = noop
    _deadlines: dict[tuple[str, ApprovalState], float] = field(factory=dict, init=False)
    _next_forgetting: float = field(default=0.0, init=False)
    _waiting: dict[str, list[Deferred[None]]] = field(factory=dict, init=False)

    @deferred
    async def obtain(self, act: Act, preview: Preview) -> Consent:
        """Use up the approval of this write, or ask for one; see `IApprovals`."""
        token = act.rights.token
        if token is not None and not self.is_valid(token):
            raise not_valid_any_more()
        policy = self.policy or ""
        subject = subject_of(act, policy)
        swept = False
        for _ in range(_ATTEMPTS):
            newest = await self.store.newest(subject)
            if newest is not None:
                newest = await self._current(newest)
                if self._answers(newest, preview):
                    if await self._change(newest, ApprovalState.USED):
                        return _consent(newest)
                    continue
                if newest.is_open:
                    await self._change(newest, ApprovalState.REPLACED)
                    continue
            asked = self._request(act, subject, policy, preview)
            added = await to_its_end(self._add(asked))
            if added is Addition.ADDED:
                raise pending(asked, self.page_of)
            if added is Addition.FULL:
                if swept:
                    break
                swept = True
                await self.sweep()
        raise too_many_pending()

    def decide(self, id: str, approve: bool, by: str, how: str) -> Deferred[Approval]:
        """Take a person's decision; see `IApprovalDesk`."""
        return to_its_end(self._decide(id, approve, by, how))

    @deferred
    async def _decide(self, id: str, approve: bool, by: str, how: str) -> Approval:
        found = await self.store.get(id)
        known = None if found is None else await self._current(found)
        if known is None or known.state is not ApprovalState.PENDING:
            raise NotPendingError(known)
        decided = known.decided(approve, by, how, self.wall())
        if not await self.store.replace(decided, ApprovalState.PENDING):
            raise NotPendingError(await self.store.get(id))
        self._ended(known)
        if decided.is_open:
            self._keep_time(decided)
        self.log.info(
            "IMCP-APPROVAL {by} {verb} request {id} of {tool} ({how})",
            by=by,
            verb="approved" if approve else "denied",
            id=id,
            tool=decided.tool,
            how=how,
        )
        self.note(audit_line(decided))
        return decided

    @deferred
    async def get(self, id: str) -> Approval | None:
        """Return a request as it is now."""
        found = await self.store.get(id)
        return None if found is None else await self._current(found)

    @deferred
    async def pending(self) -> Sequence[Approval]:
        """Return the requests that wait for a decision, the oldest first."""
        await self.sweep()
        found = await self.store.open()
        return [each for each in found if each.state is ApprovalState.PENDING]

    @deferred
    async def decided(self, most: int) -> Sequence[Approval]:
        """Return the latest requests that do not wait for a decision, newest first."""
        await self.sweep()
        return await self.store.settled(most)

    @deferred
    async def sweep(self) -> None:
        """Close what must be closed: by time, by a new policy, with its token."""
        for each in await self.store.open():
            await self._current(each)
        if self.seconds() >= self._next_forgetting:
            self._next_forgetting = self.seconds() + FORGET_SECONDS
            oldest = self.wall() - HISTORY_SECONDS
            await self.store.forget(oldest, HISTORY_BYTES)

    def when_changed(self, id: str) -> Deferred[None]:
        """Fire once when the request of this id is decided or closed.

        This spares a task from asking again and again. It may be cancelled.
        """
        waiter: Deferred[None] = Deferred(lambda it: self._stop_waiting(id, it))
        self._waiting.setdefault(id, []).append(waiter)
        return waiter

    # -- inside ----------------------------------------------------------------------

    def _added(self, asked: Approval) -> None:
        self._keep_time(asked)
        self.note(audit_line(asked))
        self.log.info(
            "IMCP-APPROVAL request {id} of {tool} waits for approval",
            id=asked.id,
            tool=asked.tool,
        )

    def _answers(self, newest: Approval, preview: Preview) -> bool:
        """Return whether the newest request is an approval of exactly this preview.

        :raises AccessRefusedError: when it is pending, or a denial that still counts.
        """
        blocked = newest.blocks_for(self.wall())
        if blocked:
            raise denied(newest, blocked)
        same = newest.preview.digest == preview.digest
        if same and newest.state is ApprovalState.PENDING:
            raise pending(newest, self.page_of)
        return same and newest.state is ApprovalState.APPROVED

    def _request(
        self, act: Act, subject: str, policy: str, preview: Preview
    ) -> Approval:
        now = self.wall()
        return Approval(
            id="".join(choice(_ID_LETTERS) for _ in range(ID_LENGTH)),
            subject=subject,
            principal=act.principal,
            token=act.rights.token,
            token_name=act.rights.token_name,
            client=act.client,
            workspace=act.workspace,
            tool=act.tool,
            operation=act.operation.id,
            targets=act.targets,
            risks=act.risk_names,
            preview=preview,
            policy=policy,
            asked_at=now,
            since=now,
            until=now + PENDING_SECONDS,
        )

    @deferred
    async def _add(self, asked: Approval) -> Addition:
        """Store a new request, if there is room for it."""
        added = await self.store.add(asked, MAX_PENDING)
        if added is Addition.ADDED:
            self._added(asked)
        return added

    async def _current(self, found: Approval) -> Approval:
        """Return a request as it is now, and store its end if its time is over."""
        while found.is_open:
            now = self.wall()
            closed = found.at(now)
            if self._keep_time(found) <= self.seconds():
                closed = found.timed_out(now)
            elif self._is_withdrawn(found):
                closed = found.closed(ApprovalState.WITHDRAWN, now)
            if closed is found:
                break
            if await self._close(found, closed):
                return closed
            again = await self.store.get(found.id)
            if again is None:
                return closed
            found = again
        return found

    def _is_withdrawn(self, approval: Approval) -> bool:
        token = approval.token
        revoked = token is not None and not self.is_valid(token)
        replaced = self.policy is not None and approval.policy != self.policy
        return revoked or replaced

    async def _change(self, approval: Approval, state: ApprovalState) -> bool:
        """Close a request; return whether it was still as it is here."""
        return await self._close(approval, approval.closed(state, self.wall()))

    def _close(self, approval: Approval, closed: Approval) -> Deferred[bool]:
        return to_its_end(self._replace(approval, closed))

    @deferred
    async def _replace(self, approval: Approval, closed: Approval) -> bool:
        done = await self.store.replace(closed, approval.state)
        if done:
            self._ended(approval)
        return done

    def _keep_time(self, approval: Approval) -> float:
        """Return when a request ends by the clock of this process."""
        left = approval.until - self.wall()
        key = approval.id, approval.state
        return self._deadlines.setdefault(key, self.seconds() + left)

    def _ended(self, approval: Approval) -> None:
        for state in OPEN:
            self._deadlines.pop((approval.id, state), None)
        self._notify(approval.id)

    def _notify(self, id: str) -> None:
        for waiter in self._waiting.pop(id, ()):
            waiter.callback(None)

    def _stop_waiting(self, id: str, waiter: Deferred[None]) -> None:
        left = [each for each in self._waiting.pop(id, ()) if each is not waiter]
        if left:
            self._waiting[id] = left


def subject_of(act: Act, policy: str) -> str:
    """Return what identifies a call, beside its preview.

    :param policy: the version of the policy.
    """
    parts = [
        act.principal,
        act.rights.token,
        act.workspace_key,
        act.tool,
        act.arguments_digest,
        act.operation.id,
        act.risk_names,
        policy,
    ]
    return sha256(dumps(parts)).hexdigest()


def _consent(approval: Approval) -> Consent:
    return Consent(
        how="approval", by=approval.by, preview_digest=approval.preview.digest
    )
