"""The commands ``approvals list``, ``show``, ``approve`` and ``deny``."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field, frozen

from ...._credential import Secret
from ...._deferred import deferred
from ...._json_codec import Json, JsonObject
from ....access.approvals.approval import Approval, NotPendingError
from ....access.approvals.interfaces import IApprovalDesk, IApprovers
from ..dispatch import Command, NoArguments
from ..requests import CommandRefusedError

DECIDED_LISTED = 20
TERMINAL = "terminal"
"""How a decision was made; see `Approval.how`."""

NO_REQUEST = (
    "there is no request with this number: instantly-mcp approvals list shows the "
    "numbers"
)


@frozen
class OneApproval:
    """The id of a request."""

    id: str


@frozen(kw_only=True)
class DecideApproval:
    """A decision.

    :param secret: of the approver who decides.
    """

    id: str
    approve: bool
    secret: str = field(repr=False)


@define(eq=False)
class ApprovalCommands:
    """Shows requests for approval, and takes decisions of approvers."""

    desk: IApprovalDesk
    approvers: IApprovers

    def commands(self) -> Mapping[str, Command]:
        """Return the commands by name."""
        return {
            "approvals.list": Command(NoArguments, self.listed),
            "approvals.show": Command(OneApproval, self.show),
            "approvals.decide": Command(DecideApproval, self.decide),
        }

    @deferred
    async def listed(self, request: NoArguments) -> Json:
        """Return the requests that wait, and the latest others."""
        pending = await self.desk.pending()
        decided = await self.desk.decided(DECIDED_LISTED)
        return {
            "pending": [_brief(each) for each in pending],
            "decided": [_brief(each) for each in decided],
        }

    @deferred
    async def show(self, request: OneApproval) -> Json:
        """Return everything about one request."""
        found = await self.desk.get(request.id)
        if found is None:
            raise CommandRefusedError(NO_REQUEST)
        return {
            **_brief(found),
            "operation": found.operation,
            "risks": list(found.risks),
            "targets": list(found.targets),
            "facts": [list(fact) for fact in found.preview.facts],
            "untrusted": [list(fact) for fact in found.preview.untrusted],
        }

    @deferred
    async def decide(self, request: DecideApproval) -> Json:
        """Take a decision, if the secret is an approver's."""
        name = self.approvers.recognized(Secret(request.secret))
        if name is None:
            raise CommandRefusedError(
                "this is not the secret of an approver; nothing was decided"
            )
        try:
            decided = await self.desk.decide(
                request.id, request.approve, name, TERMINAL
            )
        except NotPendingError as error:
            found = error.approval
            if found is None:
                raise CommandRefusedError(NO_REQUEST) from None
            by = f" by {found.by}" if found.by else ""
            raise CommandRefusedError(
                f"this request does not wait any more: it is {found.state.value}{by}"
            ) from None
        return _brief(decided)


def _brief(approval: Approval) -> JsonObject:
    return {
        "id": approval.id,
        "state": approval.state.value,
        "title": approval.preview.title,
        "workspace": approval.workspace,
        "token_name": approval.token_name,
        "principal": approval.principal,
        "program": approval.client,
        "tool": approval.tool,
        "asked_at": approval.asked_at,
        "until": approval.until if approval.is_open else None,
        "by": approval.by,
        "how": approval.how,
        "decided_at": approval.decided_at,
    }
