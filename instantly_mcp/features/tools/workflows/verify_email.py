"""verify_email: start one verification, then read its status until it is known.

Starting costs a credit, reading the status is free. `verify_list` verifies a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....protocol.calls.call import Call
from ...error_hints import in_doubt
from ...results import CallRefusedError, ErrorResult, ToolOutcome, error_object
from ...workspace.context import FeatureContext
from ...workspace.job_following import (
    FIRST_WAITS_SECONDS,
    TRANSIENT_REASONS,
)
from ...workspace.mail.addresses import checked_address
from ...workspace.reply_values import as_object
from .verify_list import verify_list

MAX_VERIFICATION_SECONDS = 600
"""Seconds for a task: a verification still pending then rarely ever finishes."""

ASK_AGAIN = (
    "Call verify_email again with check_only true: that reads the status and costs "
    "no credit."
)

NEVER_VERIFIED = (
    "This address was not verified yet. Verifying it (verify_email without check_only) "
    "costs a credit: ask the user first."
)


async def verify_email(
    context: FeatureContext, given: JsonObject, call: Call
) -> ToolOutcome:
    """Verify an address or a list, or only read the status of a verification.

    :raises CallRefusedError: before anything is spent, unless either an address or a
        list was given.
    """
    _require_one(given)
    if "list_id" in given:
        return await verify_list(context, given, call)
    address = checked_address(given["email"], "email")
    request = {"email": address}
    if given.get("check_only"):
        return await _status_only(context, request, call)
    try:
        reply = await context.execute("createEmailVerification", request, call)
    except ApiError as error:
        if in_doubt(error) or error.reason is Reason.TIMEOUT:
            hint = f"The credit may have been spent. {ASK_AGAIN}"
            return ErrorResult(error_object(error, hint))
        raise
    longest = context.wait_seconds(call, given["max_wait_seconds"])
    if _is_pending(reply) and call.become_task("The verification is pending"):
        longest = MAX_VERIFICATION_SECONDS
    reply, trouble = await _settled(context, request, reply, call, longest)
    described = _described(address, reply, charged=True)
    if trouble is not None:
        described["last_look_failed"] = error_object(trouble)
    return described


def _require_one(given: JsonObject) -> None:
    if ("email" in given) == ("list_id" in given):
        raise CallRefusedError(
            "bad_argument",
            "Either one address or one list is verified.",
            "Give exactly one of email and list_id. Nothing was spent.",
        )
    if "agreed_credits" in given and "list_id" not in given:
        raise CallRefusedError(
            "bad_argument",
            "agreed_credits is the price of a list.",
            "Give list_id, or leave agreed_credits out. Nothing was spent.",
        )


async def _status_only(
    context: FeatureContext, request: JsonObject, call: Call
) -> ToolOutcome:
    try:
        reply = await context.execute("checkVerificationStatus", request, call)
    except ApiError as error:
        if error.reason is Reason.NOT_FOUND:
            return ErrorResult(error_object(error, NEVER_VERIFIED))
        raise
    return _described(request["email"], reply, charged=False)


async def _settled(
    context: FeatureContext,
    request: JsonObject,
    reply: Json,
    call: Call,
    longest: float,
) -> tuple[Json, ApiError | None]:
    """Read the status until it is no longer pending or the time is up."""
    started, trouble = context.clock.seconds(), None
    for wait in _waits():
        waited = context.clock.seconds() - started
        if not _is_pending(reply) or waited >= longest:
            break
        await context.pause(min(wait, longest - waited))
        waited = context.clock.seconds() - started
        call.progress(waited, longest, f"Still pending after {waited:.0f} s")
        try:
            reply, trouble = (
                await context.execute("checkVerificationStatus", request, call),
                None,
            )
        except ApiError as error:
            trouble = error
            if error.reason not in TRANSIENT_REASONS:
                break
    return reply, trouble


def _waits() -> Iterator[float]:
    return chain(FIRST_WAITS_SECONDS, repeat(FIRST_WAITS_SECONDS[-1]))


def _is_pending(reply: Json) -> bool:
    return isinstance(reply, dict) and reply.get("verification_status") == "pending"


def _described(address: str, reply: Json, *, charged: bool) -> dict[str, Json]:
    facts = as_object(reply)
    status = facts.get("verification_status") or "unknown"
    described: dict[str, Json] = {
        "email": address,
        "verification_status": status,
        "finished": status in ("verified", "invalid"),
        "credit_spent_by_this_call": charged,
    }
    for name in ("status", "catch_all", "credits", "credits_used"):
        if facts.get(name) is not None:
            described[name] = facts[name]
    if not described["finished"]:
        described["next"] = ASK_AGAIN
    return described
