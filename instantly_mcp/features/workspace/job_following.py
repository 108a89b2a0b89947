"""Following a background job to its end, as long as the client allows.

Instantly moves leads and changes warm-up in background jobs. What the caller of such a
tool gets depends on its client:

- a client that supports tasks gets a task with the job's status, for up to an hour, or
  for ``wait_seconds`` if it gives more than 45;
- a call with ``wait_seconds`` waits that long, at most 45 s, and reports progress;
- a call with a progress token waits 10 s;
- any other call returns at once, with the job's id for get_background_job.

The job is read after 2, 3, 5 and 8 s, then every 10 s, and a last time when the wait is
over. A failed read is retried if the failure may pass, and is reported if it was the
last one. Instantly cannot cancel a job: cancelling a task or a call only stops the
reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, count, repeat

from attrs import evolve, field, frozen

from ..._json_codec import Json, JsonObject
from ...api.errors import ApiError, Reason
from ...protocol.calls.call import Call
from ..results import ErrorResult, ToolOutcome, error_object, page
from .context import FeatureContext
from .jobs import READ_LATER, job_of, started
from .reply_values import as_object

MAX_WAIT_SECONDS = 45
"""Most seconds that a call may wait; hosts give up soon after."""

PROGRESS_WAIT_SECONDS = 10
"""Seconds that a call waits with a progress token but without ``wait_seconds``."""

MAX_TASK_SECONDS = 3600.0
WAITED_LESS = (
    f"This client cannot wait longer than {MAX_WAIT_SECONDS} s in one call; the job "
    "goes on."
)
FIRST_WAITS_SECONDS = (2.0, 3.0, 5.0, 8.0)
LATER_WAIT_SECONDS = 10.0

TRANSIENT_REASONS = frozenset(
    {
        Reason.NOT_FOUND,
        Reason.RATE_LIMITED,
        Reason.OVERLOADED,
        Reason.TIMEOUT,
        Reason.UNREACHABLE,
        Reason.UPSTREAM_FAILED,
        Reason.UNEXPECTED_REPLY,
    }
)
"""Failures of a read after which it makes sense to read again."""

SUCCEEDED = frozenset({"success", "completed"})


@frozen
class JobStatus:
    """A job as it was last read, and why a later read failed."""

    job: JsonObject
    trouble: ApiError | None = field(default=None)

    def as_result(self) -> ToolOutcome:
        """Return the tool's result."""
        job = self.job
        if job["ended"]:
            if job["status"] in SUCCEEDED:
                return _ended_well(job)
            return _ended_badly(job, f"The background job ended: {job['status']}.")
        result: dict[str, Json] = {"job": job, "next": READ_LATER}
        if self.trouble is not None:
            result["last_look_failed"] = error_object(self.trouble)
        return result


async def get_job(context: FeatureContext, given: JsonObject, call: Call) -> Json:
    """Read one job; a failed job is not a failed call."""
    reply = await context.execute("getBackgroundJob", given, call)
    context.job_changes.record(reply, call.caller.principal)
    return started(reply, given)


async def list_jobs(context: FeatureContext, given: JsonObject, call: Call) -> Json:
    """Read a page of jobs, without their data (the moved addresses)."""
    reply = await context.fetch("listBackgroundJob", given, call)
    context.job_changes.record_all(reply, call.caller.principal)
    return page(reply, _brief)


async def enable_warmup(
    context: FeatureContext, given: JsonObject, call: Call
) -> ToolOutcome:
    """Start the job that turns warm-up on, and follow it."""
    return await start_and_follow(context, "enableWarmupForAccounts", given, call)


async def disable_warmup(
    context: FeatureContext, given: JsonObject, call: Call
) -> ToolOutcome:
    """Start the job that turns warm-up off, and follow it."""
    return await start_and_follow(context, "disableWarmupForAccounts", given, call)


async def start_and_follow(
    context: FeatureContext, operation_id: str, given: JsonObject, call: Call
) -> ToolOutcome:
    """Execute an operation that starts a job, and follow the job.

    ``wait_seconds`` is an argument of the tool and is not sent.
    """
    asked = {name: value for name, value in given.items() if name != "wait_seconds"}
    reply = await context.execute(operation_id, asked, call)
    status = JobStatus(_recorded(context, reply, call))
    if status.job["ended"] or not isinstance(status.job.get("id"), str):
        return status.as_result()
    wanted: Json = given.get("wait_seconds")
    longest = _longest_wait(context, status.job, wanted, call)
    outcome = (await _followed(context, status, call, longest)).as_result()
    shortened = wanted is not None and wanted > MAX_WAIT_SECONDS >= longest
    if shortened and isinstance(outcome, dict) and "next" in outcome:
        return {**outcome, "notice": WAITED_LESS}
    return outcome


def _longest_wait(
    context: FeatureContext, job: JsonObject, wanted: Json, call: Call
) -> float:
    within_call = wanted is not None and wanted <= MAX_WAIT_SECONDS
    named = f"Background job {job['id']}: {_progress_of(job)}"
    if not within_call and call.become_task(named):
        return float(MAX_TASK_SECONDS if wanted is None else wanted)
    if wanted is not None:
        return context.wait_seconds(call, min(float(wanted), MAX_WAIT_SECONDS))
    return 0 if call.progress_token is None else PROGRESS_WAIT_SECONDS


async def _followed(
    context: FeatureContext, status: JobStatus, call: Call, longest: float
) -> JobStatus:
    """Read the job until it ended or the time is up."""
    end = context.clock.seconds() + longest
    for number, wait in zip(count(1), poll_waits(), strict=False):
        left = end - context.clock.seconds()
        if status.job["ended"] or left <= 0:
            break
        await context.pause(min(wait, left))
        try:
            status = JobStatus(await read_job(context, status.job["id"], call))
        except ApiError as error:
            status = evolve(status, trouble=error)
            if error.reason not in TRANSIENT_REASONS:
                break
        _report_progress(call, status.job, number)
    return status


async def read_job(context: FeatureContext, id: str, call: Call) -> JsonObject:
    """Read a job once; its subscribers are notified of a change.

    :raises ApiError: when the read fails, or the reply is not a job.
    """
    reply = await context.fetch("getBackgroundJob", {"id": id}, call)
    return _recorded(context, reply, call)


def _report_progress(call: Call, job: JsonObject, number: int) -> None:
    percent = job.get("progress")
    known = percent if isinstance(percent, int | float) else 0
    # MCP requires that progress increases, but a job may report the same value twice.
    running = min(known, 99) + number / 10_000
    call.progress(100 if job["ended"] else running, 100, _progress_of(job))


def _progress_of(job: JsonObject) -> str:
    return f"{job.get('status', 'unknown')}, {job.get('progress', 0)} %"


def poll_waits() -> Iterator[float]:
    """Yield the seconds to wait before each further read, endlessly."""
    return chain(FIRST_WAITS_SECONDS, repeat(LATER_WAIT_SECONDS))


def _recorded(context: FeatureContext, reply: Json, call: Call) -> JsonObject:
    context.job_changes.record(reply, call.caller.principal)
    return job_of(reply)


def _brief(job: JsonObject) -> JsonObject:
    return {n: v for n, v in job_of(job).items() if n != "data" and v is not None}


def _ended_well(job: JsonObject) -> ToolOutcome:
    """Return the result of a job that ended; it may have failed for some or all."""
    data = job.get("data")
    counts = as_object(data)
    failed, done = counts.get("failed_count"), counts.get("success_count")
    if not isinstance(failed, int) or failed < 1:
        return {"job": job}
    whole = failed + done if isinstance(done, int) else failed
    said = f"The background job ended, but {failed} of {whole} failed."
    return {"job": job, "warnings": [said]} if done else _ended_badly(job, said)


def _ended_badly(job: JsonObject, said: str) -> ErrorResult:
    return ErrorResult(
        {
            "code": "job_failed",
            "message": said,
            "hint": "Part of its work may be done: check, and tell the user.",
            "job": job,
        }
    )
