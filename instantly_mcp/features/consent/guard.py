"""The one way of a write: what it is, whether it may be, consent, rails, request.

1. The risk classes of the call are found out (`assessment`).
2. Access level and policy decide: `access.levels`, `access.decisions`.
3. If a person must agree, a preview is built (`previews`) and shown (`consents`).
   Nothing that it depends on changes from then on (`turns`).
4. The rails limit and record it; a grant is made for exactly this write; it is sent.
5. The rails learn how it ended.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from uuid import uuid4
from weakref import WeakKeyDictionary

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from zope.interface import implementer

from ..._json_codec import Json, JsonObject
from ..._noop import noop
from ..._rights import Rights
from ...access.act import Act, Consent
from ...access.audit.records import refused as refused_line
from ...access.campaign_limits import CampaignLimits
from ...access.canonical import digest_of
from ...access.decisions import DOES, Decision, Policy
from ...access.grants import grant_to_write
from ...access.interfaces import IAuditLog
from ...access.levels import permits
from ...access.preview import Preview
from ...access.rails.passing import Rails
from ...access.refusal import (
    APPROVAL_PENDING,
    CONFIRMATION_REQUIRED,
    AccessRefusedError,
    ask_operator,
)
from ...catalog.index import BY_ID
from ...catalog.operation import Operation, Risk
from ...protocol.calls.call import Call, Doing
from ..results import CallRefusedError, LeftBeforeSendingError
from ..workspace.context import FeatureContext, IWriteGuard
from .assessment.campaign_check import require_permitted_campaigns
from .assessment.risk_classes import assess, assessed, certain_risks
from .assessment.selection_size import amounts_of, counted
from .assessment.subject import WriteSubject
from .assessment.targets import targets_of
from .call_consents import CallConsents
from .confirmation import ConsentRequest
from .consents import Consents
from .moves import Moves
from .previews.building import build_preview
from .refusals import beyond_consent, call_refusal
from .sending import ActSending
from .turns import MAX_WAIT_SECONDS, Turn, Turns

_REFUSALS = (AccessRefusedError, CallRefusedError)
_QUESTIONS = frozenset({CONFIRMATION_REQUIRED, APPROVAL_PENDING})


@implementer(IWriteGuard)
@define(eq=False, kw_only=True)
class WriteGuard:
    """Decides about each write, and sends those that may be sent.

    :param policy: the operator's decisions, by risk class.
    :param consents: obtains what the policy demands; ``None`` refuses what it would
        have to ask for.
    :param rails: what every write passes right before it is sent.
    :param allow_domains: domains that copies may go to, in lower case.
    :param campaigns: the campaigns that may be changed.
    :param counts_selections: count what a write selects, because there are caps.
    :param audit: keeps a line for each refusal.
    """

    policy: Policy
    consents: Consents | None = None
    rails: Rails = field(factory=Rails)
    allow_domains: Collection[str] = ()
    campaigns: CampaignLimits = field(factory=CampaignLimits)
    counts_selections: bool = False
    audit: IAuditLog | None = None
    _turns: Turns = field(factory=Turns, init=False)
    _moves: Moves = field(factory=Moves, init=False)
    _calls: WeakKeyDictionary[Doing, CallConsents] = field(
        factory=WeakKeyDictionary, init=False
    )

    def write(
        self,
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
    ) -> Deferred[Json]:
        left = context.instantly.collect(operation, arguments, call.credential)
        if left is not None:
            return left
        return Deferred.fromCoroutine(self._write(context, operation, arguments, call))

    def agree(
        self,
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
        also: Sequence[str] = (),
    ) -> Deferred[None]:
        return Deferred.fromCoroutine(
            self._agree(context, operation, arguments, call, also)
        )

    async def _agree(
        self,
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
        also: Sequence[str],
    ) -> None:
        turn = self._turns.of(call.credential.workspace_key, operation)
        try:
            act = await self._permitted(context, operation, arguments, call, turn)
            for covered in also if act.consent else ():
                self._consents_of(call).add(BY_ID[covered], act)
        except _REFUSALS as refused:
            self._record_refusal(context, operation, arguments, call, refused.code)
            raise call_refusal(refused) from None
        finally:
            turn.leave()

    async def _write(
        self,
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
    ) -> Json:
        turn = self._turns.of(call.credential.workspace_key, operation)
        try:
            act = await self._passed(context, operation, arguments, call, turn)
            self._consents_of(call).wrote = True
            sending = ActSending(
                context, act, self.rails, partial(self._ended, turn, context, act)
            )
            may_go = partial(self.rails.may_go, act)
            grant = grant_to_write(act, call.credential, sending.ended_late, may_go)
        except BaseException:
            turn.leave()
            raise
        return await sending.send(grant, call)

    def _ended(
        self, turn: Turn, context: FeatureContext, act: Act, reply: Json
    ) -> None:
        self._moves.note(act, reply, context.clock.seconds())
        turn.leave()

    async def _passed(
        self,
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
        turn: Turn,
    ) -> Act:
        """Return a write that is permitted and has passed the rails."""
        try:
            act = await self._permitted(context, operation, arguments, call, turn)
            await self.rails.before(act)
            return act
        except _REFUSALS as refused:
            self._record_refusal(context, operation, arguments, call, refused.code)
            raise call_refusal(refused) from None
        except CancelledError as left:
            raise LeftBeforeSendingError from left

    async def _permitted(
        self,
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
        turn: Turn,
    ) -> Act:
        """Return a write as it may be sent, with the consent that it needs.

        What only ends sending takes no turn: it never waits.

        :raises AccessRefusedError: when level, policy or a person forbid it.
        """
        doing = _required_doing(call)
        subject = _subject(context, operation, arguments, call, doing)
        certain = certain_risks(subject)
        if certain or not operation.can_be_risky:
            # Refused before anything is read. A call whose classes are still to be
            # found out may not be one of the other writes at all.
            self._decision(subject, certain)
        if not operation.stops:
            await _take(turn, subject)
        found = await assess(subject, self.allow_domains)
        subject = assessed(subject, found)
        decision = self._decision(subject, found.risks)
        await require_permitted_campaigns(subject, self.campaigns)
        await self._moves.require_left(subject)
        act = _act(subject, doing, decision, context.rights_of(call))
        if self.counts_selections:
            act = await counted(subject, act)
        if decision is Decision.ALLOW:
            return act
        held = self._consents_of(call)
        consent = held.covering(operation, found.risks, decision)
        if consent is None:
            if held.wrote:
                raise beyond_consent()
            await self.rails.look(act)
            consent = await self._consented(subject, act, doing, turn)
            # The caller's token may have been narrowed or revoked meanwhile.
            self._decision(subject, found.risks)
            act = evolve(act, consent=consent)
            held.add(operation, act)
        return evolve(act, consent=consent)

    def _decision(self, subject: WriteSubject, risks: frozenset[Risk]) -> Decision:
        """Return what the policy demands of a write.

        :raises AccessRefusedError: when level or policy forbid it.
        :raises CallRefusedError: when the caller's token has ended.
        """
        operation = subject.operation
        level = subject.context.rights_of(subject.call).level
        if not permits(level, operation, risks):
            raise ask_operator(
                f"This connection has the access level {level.value}, which does not "
                "permit this."
            )
        if operation.stops:
            return Decision.ALLOW
        ruling = self.policy.decide(risks)
        if ruling.decision is Decision.DENY:
            what = "this change" if ruling.risk is None else DOES[ruling.risk]
            raise ask_operator(f"The operator of this server does not permit {what}.")
        return ruling.decision

    async def _consented(
        self, subject: WriteSubject, act: Act, doing: Doing, turn: Turn
    ) -> Consent:
        if self.consents is None:
            raise ask_operator("This needs a consent, and no one can be asked here.")
        rebuild = partial(self._preview_again, subject, act, turn)
        await self._moves.require_arrived(subject)
        preview = await build_preview(subject, act.workspace)
        asked = ConsentRequest(act, preview, subject.call, doing, turn.leave)
        return await self.consents.obtain(asked, rebuild)

    async def _preview_again(
        self, subject: WriteSubject, act: Act, turn: Turn
    ) -> Preview:
        """Return the preview as of now, after a wait.

        :raises AccessRefusedError: when the write now does more than was asked for.
        """
        await _take(turn, subject)
        again = evolve(subject, replies={})
        found = await assess(again, self.allow_domains)
        if not found.risks <= act.risks:
            raise beyond_consent()
        await self._moves.require_arrived(subject)
        return await build_preview(assessed(again, found), act.workspace)

    def _record_refusal(
        self,
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
        code: str,
    ) -> None:
        """Record a refusal. A question to a person is not one.

        The rights in it are those that the call came with: its token may have ended.
        """
        doing = call.doing
        if self.audit is None or doing is None or code in _QUESTIONS:
            return
        subject = _subject(context, operation, arguments, call, doing)
        subject = evolve(subject, risks=certain_risks(subject))
        act = _act(subject, doing, Decision.DENY, call.caller.rights)
        self.audit.append(refused_line(act, code)).addErrback(noop)

    def _consents_of(self, call: Call) -> CallConsents:
        return self._calls.setdefault(_required_doing(call), CallConsents())


async def _take(turn: Turn, subject: WriteSubject) -> None:
    context, call = subject.context, subject.call
    await turn.take(context.clock, context.wait_seconds(call, MAX_WAIT_SECONDS))


def _required_doing(call: Call) -> Doing:
    if call.doing is None:
        raise ask_operator("Only tools may change anything.")
    return call.doing


def _subject(
    context: FeatureContext,
    operation: Operation,
    arguments: JsonObject,
    call: Call,
    doing: Doing,
) -> WriteSubject:
    return WriteSubject(
        context=context,
        operation=operation,
        arguments=arguments,
        tool_arguments=doing.arguments,
        call=call,
    )


def _act(
    subject: WriteSubject, doing: Doing, decision: Decision, rights: Rights
) -> Act:
    credential = subject.call.credential
    return Act(
        id=uuid4().hex,
        principal=credential.principal,
        rights=rights,
        client=subject.call.client,
        workspace=credential.workspace_name,
        workspace_key=credential.workspace_key,
        tool=doing.tool,
        operation=subject.operation,
        arguments=subject.arguments,
        targets=targets_of(subject.operation, subject.arguments),
        arguments_digest=digest_of(doing.arguments),
        risks=subject.risks,
        decision=decision,
        **amounts_of(subject),
        call=doing.id,
    )
