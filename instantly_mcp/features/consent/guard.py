"""The one way of a write: what it is, whether it may be, rails, grant, request."""

from __future__ import annotations

from hashlib import sha256
from uuid import uuid4

from attrs import define, field
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..._json_codec import Json, JsonObject, dumps
from ...access.act import Act
from ...access.decisions import Decision, Policy
from ...access.grants import grant_to_write
from ...access.levels import permits
from ...access.rails.passing import Rails
from ...access.refusal import AccessRefusedError, ask_operator
from ...catalog.operation import Operation
from ...protocol.calls.call import Call
from ..results import CallRefusedError
from ..workspace.context import FeatureContext, IWriteGuard
from .sending import ActSending


@implementer(IWriteGuard)
@define(eq=False, kw_only=True)
class WriteGuard:
    """Decides about each write, and sends those that may be sent.

    :param policy: the operator's decisions, by risk class.
    :param rails: what every write passes right before it is sent.
    """

    policy: Policy
    rails: Rails = field(factory=Rails)

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

    async def _write(
        self,
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
    ) -> Json:
        try:
            act = self._act(operation, arguments, call)
            await self.rails.before(act)
        except AccessRefusedError as refused:
            raise CallRefusedError(
                refused.code, refused.message, refused.hint, **refused.facts
            ) from None
        sending = ActSending(context, act, self.rails)
        grant = grant_to_write(act, call.credential, sending.ended_late)
        return await sending.send(grant, call)

    def _act(self, operation: Operation, arguments: JsonObject, call: Call) -> Act:
        """Describe a write and decide about it.

        :raises AccessRefusedError: when level or policy forbid it.
        """
        doing, rights = call.doing, call.caller.rights
        if doing is None:
            raise ask_operator("Only tools may change anything.")
        risks = operation.risks_with(arguments)
        if not permits(rights.level, operation, risks):
            raise ask_operator(
                f"The access level of this connection, {rights.level.value}, does not "
                "permit this."
            )
        ruling = self.policy.decide(risks)
        if ruling.decision is Decision.DENY and not operation.stops:
            raise ask_operator("The operator of this server does not permit this.")
        credential = call.credential
        return Act(
            id=uuid4().hex,
            principal=credential.principal,
            rights=rights,
            client=call.client,
            workspace=credential.workspace_name,
            workspace_key=credential.workspace_key,
            tool=doing.tool,
            operation=operation,
            arguments=arguments,
            targets=(),
            arguments_digest=sha256(dumps(doing.arguments)).hexdigest(),
            risks=risks,
            decision=ruling.decision,
            amounts=operation.amounts_with(arguments),
            call=doing.id,
        )
