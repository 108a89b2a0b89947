"""Obtains what the policy demands before a write: confirmation, or approval."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, evolve

from ...access.act import Consent
from ...access.decisions import Decision
from ...access.interfaces import IApprovals
from ...access.preview import Preview
from ...access.rails.durably import recorded
from ...access.refusal import (
    APPROVAL_PENDING,
    CONFIRMATION_INVALID,
    NOT_ALLOWED,
    AccessRefusedError,
    ask_operator,
)
from .confirmation import Confirmations, ConsentRequest, Silence

Rebuild = Callable[[], Awaitable[Preview]]


@define(eq=False, kw_only=True)
class Consents:
    """Obtains the consent to a write.

    :param approvals: asks persons outside MCP; ``None`` if there is no approver.
    :param fallback: what follows when a client that can ask its user is silent:
        ``token``, ``approve`` or ``refuse``.
    """

    confirmations: Confirmations
    approvals: IApprovals | None = None
    fallback: str = "token"

    async def obtain(self, asked: ConsentRequest, rebuild: Rebuild) -> Consent:
        """Return the consent.

        :param rebuild: builds the preview again, after a wait.
        :raises AccessRefusedError: when there is none, or not yet.
        """
        if asked.act.decision is Decision.APPROVE:
            return await self._approved(asked, rebuild)
        try:
            consent = await self.confirmations.obtain(asked)
        except Silence:
            return await self._after_silence(asked, rebuild)
        if consent.how == "elicitation" and asked.preview_is_older:
            preview = await rebuild()
            if preview.digest != asked.preview.digest:
                raise _changed()
        return consent

    async def _after_silence(self, asked: ConsentRequest, rebuild: Rebuild) -> Consent:
        if self.fallback == "approve":
            asked = evolve(asked, preview=await rebuild())
            return await self._approved(asked, rebuild)
        if self.fallback == "token":
            raise self.confirmations.token_required(asked, can_ask=True)
        raise AccessRefusedError(
            NOT_ALLOWED,
            "The user did not answer the question whether to do this. Nothing was "
            "sent.",
            "Tell the user, and call again when the user can answer.",
        )

    async def _approved(self, asked: ConsentRequest, rebuild: Rebuild) -> Consent:
        """Ask for approval; a call that can become a task waits for the decision."""
        if self.approvals is None:
            raise ask_operator("This needs an approval, and no one can approve here.")
        preview = asked.preview
        while True:
            try:
                return await recorded(self.approvals.obtain(asked.act, preview))
            except AccessRefusedError as refused:
                if refused.code != APPROVAL_PENDING or not _becomes_task(asked):
                    raise
                id = str(refused.facts["approval"])
            asked.pause()
            await self.approvals.when_changed(id)
            preview = await rebuild()


def _changed() -> AccessRefusedError:
    return AccessRefusedError(
        CONFIRMATION_INVALID,
        "What this would do changed while the user decided. Nothing was sent.",
        "Call it again: the user is then asked about what it would do now.",
    )


def _becomes_task(asked: ConsentRequest) -> bool:
    """Make the call a task if it can be one; say whether it is one now."""
    call = asked.call
    if call.set_task_message is not None:
        return True
    return call.become_task("Waiting for a person to approve this")
