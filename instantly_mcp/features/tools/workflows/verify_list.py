"""verify_email with ``list_id``: verify the addresses of a whole list as one job.

The first call costs nothing: it says how many addresses are not verified, and what that
costs. Only a call that repeats the price, in ``agreed_credits``, starts the job. The
price is also the limit of the job, so that it never costs more than was agreed, and
addresses that are verified, or being verified, are not paid for again: while a
verification runs, no other is started.

Instantly verifies in the background, and counts the results of a list. They are read
until no address is pending, as long as the client waits.

The API has no quote. A single verification reports ``credits_used: 1``, which is taken
as the price of each address of a list; leads without an address are counted, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from attrs import evolve, frozen
from twisted.internet.defer import Deferred

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....catalog.enrichments import MAX_LEADS
from ....protocol.calls.call import Call
from ...error_hints import in_doubt
from ...results import CallRefusedError, ErrorResult, ToolOutcome, error_object
from ...workspace.context import FeatureContext
from ...workspace.fetching import Gathered, gather
from ...workspace.job_following import (
    MAX_TASK_SECONDS,
    TRANSIENT_REASONS,
    poll_waits,
)
from ...workspace.list_scorecard import PENDING
from ...workspace.memory.recent_starts import VISIBLE_SECONDS

CREDITS_PER_ADDRESS = 1

LOOK_AGAIN = (
    "Call verify_email with this list_id and without agreed_credits: that reads the "
    "progress and costs nothing."
)
AGREE_FIRST = (
    "Nothing was spent. Tell the user the price. If the user agrees, call verify_email "
    "with this list_id and agreed_credits {price}."
)


@frozen
class ListState:
    """How far the addresses of a list are verified.

    :param counts: the number of leads by the result of their verification.
    :param total: all leads, also those without an address.
    :param unchecked: leads without a result that are not being verified.
    :param in_progress: Instantly says that a verification runs.
    """

    counts: JsonObject
    total: int
    pending: int
    unchecked: int
    in_progress: bool

    @classmethod
    def of(cls, found: Gathered) -> ListState:
        """Return the state that the counts and the status of the enrichment show."""
        reply, job = found.object("counts"), found.object("job")
        stats = reply.get("stats") or {}
        counts = {n: int(c) for n, c in stats.items() if isinstance(c, int | float)}
        checked = sum(counts.values())
        total = int(reply.get("total_leads") or checked)
        pending = sum(counts.get(name, 0) for name in PENDING)
        results = {n: c for n, c in counts.items() if c and n not in PENDING}
        payload = job.get("enrichment_payload") or {}
        running = bool(job.get("in_progress") and payload.get("email_verification"))
        return cls(results, total, pending, max(0, total - checked), running)

    @property
    def running(self) -> bool:
        """Whether addresses are being verified now."""
        return self.in_progress or self.pending > 0

    @property
    def price(self) -> int:
        """The credits that one job for the rest costs at most."""
        return min(self.unchecked, MAX_LEADS) * CREDITS_PER_ADDRESS

    @property
    def checked(self) -> int:
        """How many leads have a result."""
        return sum(self.counts.values())

    def as_object(self) -> dict[str, Json]:
        """Return what the result says of it."""
        return {
            "finished": not self.running and not self.unchecked,
            "total_leads": self.total,
            "results": self.counts,
            "pending": self.pending,
            "not_verified": self.unchecked,
        }


async def verify_list(
    context: FeatureContext, given: JsonObject, call: Call
) -> ToolOutcome:
    """Return the price or the progress; verify if the price was agreed to.

    :raises CallRefusedError: when the agreed price is not the present one, or the
        workspace does not have the credits. Nothing is spent then.
    """
    id, agreed = given["list_id"], given.get("agreed_credits")
    found = await gather(
        {
            "list": context.execute("getLeadList", {"id": id}, call),
            **_progress(context, id, call),
            "plan": context.execute("getWorkspacePlanDetails", {}, call),
        }
    )
    unread = found.failures.get("list") or _unread(found)
    # A key that may not read jobs still gets the price, but starts none.
    may_be_unread = agreed is None and "counts" not in found.failures
    if unread is not None and not (
        may_be_unread and unread.reason is Reason.SCOPE_MISSING
    ):
        raise unread
    state = ListState.of(found)
    named = {"list": {"id": id, "name": found.object("list").get("name")}}
    if state.running:
        return {**named, **state.as_object(), "next": LOOK_AGAIN}
    if not state.unchecked or given.get("check_only"):
        return {**named, **state.as_object()}
    left = _credits_left(found)
    if agreed is None:
        return {**named, **_quote(state, left)}
    _require_agreement(state, agreed, left)
    await context.agree("createSuperSearchEnrichment", _request(id, state), call)
    if not context.verifications.begin(call.caller.principal, id):
        begun = evolve(state, in_progress=True)
        return {**named, **begun.as_object(), "next": LOOK_AGAIN}
    return await _verified(context, given, call, state, named)


def _progress(
    context: FeatureContext, id: str, call: Call
) -> Mapping[str, Deferred[Json]]:
    """Read what a `ListState` is made of."""
    job = {"resource_id": id}
    return {
        "counts": context.execute("getVerificationStats", {"id": id}, call),
        "job": context.execute("getEnrichmentForResource", job, call),
    }


def _unread(found: Gathered) -> ApiError | None:
    """Return why the progress is not known; a list without a job has none."""
    job = found.failures.get("job")
    if job is not None and job.reason is Reason.NOT_FOUND:
        job = None
    return found.failures.get("counts") or job


def _credits_left(found: Gathered) -> int | None:
    plans = found.object("plan").get("subscriptions")
    credits = plans.get("credits") if isinstance(plans, dict) else None
    left = credits.get("available_credits") if isinstance(credits, dict) else None
    return int(left) if isinstance(left, int | float) else None


def _quote(state: ListState, left: int | None) -> dict[str, Json]:
    quote: dict[str, Json] = {
        **state.as_object(),
        "credits_at_most": state.price,
        "credits_per_address": CREDITS_PER_ADDRESS,
        "next": AGREE_FIRST.format(price=state.price),
    }
    if left is not None:
        quote["credits_left"] = left
        if left < state.price:
            quote["next"] = (
                f"Nothing was spent. The workspace has {left} credits, too few for "
                "this list: tell the user."
            )
    return quote


def _require_agreement(state: ListState, agreed: int, left: int | None) -> None:
    if agreed != state.price:
        raise CallRefusedError(
            "price_changed",
            f"Verifying this list costs {state.price} credits, not {agreed}. Nothing "
            "was spent.",
            "Tell the user the present price, and ask whether to go on.",
            credits_at_most=state.price,
            not_verified=state.unchecked,
        )
    if left is not None and left < state.price:
        raise CallRefusedError(
            "not_enough_credits",
            f"Verifying this list costs {state.price} credits; the workspace has "
            f"{left}. Nothing was spent.",
            "Tell the user.",
            credits_at_most=state.price,
            credits_left=left,
        )


def _request(list_id: str, state: ListState) -> JsonObject:
    return {
        "resource_id": list_id,
        "type": "email_verification",
        "limit": state.price // CREDITS_PER_ADDRESS,
    }


async def _verified(
    context: FeatureContext,
    given: JsonObject,
    call: Call,
    state: ListState,
    named: JsonObject,
) -> ToolOutcome:
    """Start the verification and follow it."""
    request = _request(given["list_id"], state)
    try:
        await context.execute("createSuperSearchEnrichment", request, call)
    except ApiError as error:
        if in_doubt(error) or error.reason is Reason.TIMEOUT:
            hint = f"The verification may have started. {LOOK_AGAIN}"
            return ErrorResult(error_object(error, hint))
        context.verifications.failed(call.caller.principal, given["list_id"])
        raise
    longest = context.wait_seconds(call, given["max_wait_seconds"])
    if call.become_task(f"Verifying {state.unchecked} addresses"):
        longest = MAX_TASK_SECONDS
    later, trouble = await _followed(context, given["list_id"], call, state, longest)
    result = {
        **named,
        **later.as_object(),
        "started": True,
        "credits_at_most": state.price,
    }
    result["finished"] = not later.running
    if later.running:
        result["next"] = LOOK_AGAIN
    if trouble is not None:
        result["last_look_failed"] = error_object(trouble)
    return result


async def _followed(
    context: FeatureContext, id: str, call: Call, state: ListState, longest: float
) -> tuple[ListState, ApiError | None]:
    """Read the counts until none is pending or the time is up."""
    begun, trouble = context.clock.seconds(), None
    later = evolve(state, pending=state.unchecked, unchecked=0, in_progress=True)
    for number, wait in zip(count(1), poll_waits(), strict=False):
        passed = context.clock.seconds() - begun
        left = longest - passed
        if left <= 0 or not later.running:
            break
        await context.pause(min(wait, left))
        found = await gather(_progress(context, id, call))
        trouble = _unread(found)
        if trouble is None:
            later = ListState.of(found)
            not_visible = later.unchecked >= state.unchecked
            if not_visible and passed < VISIBLE_SECONDS:
                later = evolve(later, in_progress=True)
        elif trouble.reason not in TRANSIENT_REASONS:
            break
        # MCP requires that progress increases, but the counts may stay the same.
        done = min(later.checked, later.total - 1) + number / 10_000
        call.progress(done, later.total, f"{later.pending} addresses are pending")
    return later, trouble
