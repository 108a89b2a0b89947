"""A background job followed to its end, as far as the client lets us.

A client that speaks tasks gets one that mirrors the job. Any other gets the job's
handle: at once, or after a wait with progress that it asked for. Instantly cannot
cancel a job: cancelling a task or a call only ends the watching.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, count, repeat

from attrs import evolve, field, frozen

from ..._json_codec import Json, JsonObject
from ...api.errors import ApiError, Reason
from ...protocol.calls.call import Call
from ..results import Failed, error_object, page
from .context import Bench
from .jobs import LOOK, job_of, started

LONGEST = 45
"""Seconds that a call may wait; hosts give up soon after."""

WITH_TOKEN = 10
"""Seconds that a call waits whose client wants progress and names no time."""

TASK_LONGEST = 3600.0
BACKOFF = (2.0, 3.0, 5.0, 8.0)
AFTERWARDS = 10.0

MAY_PASS = frozenset(
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
"""Failures of a look after which looking again makes sense."""

SUCCEEDED = frozenset({"success", "completed"})


@frozen
class Sight:
    """A job as last seen, and why it could not be seen since."""

    job: JsonObject
    trouble: ApiError | None = field(default=None)

    def as_result(self) -> Json:
        """Return what the tool answers."""
        job = self.job
        if job["ended"]:
            if job["status"] in SUCCEEDED:
                return _ended_well(job)
            return _ended_badly(job, f"The background job ended: {job['status']}.")
        result: dict[str, Json] = {"job": job, "next": LOOK}
        if self.trouble is not None:
            result["last_look_failed"] = error_object(self.trouble)
        return result


async def get_job(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Read one job; that it failed is no failure of the reading."""
    reply = await bench.execute("getBackgroundJob", given, call)
    bench.sightings.note(reply, call.caller.principal)
    return started(reply, given)


async def list_jobs(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Read a page of jobs, without the addresses that they moved."""
    reply = await bench.fetch("listBackgroundJob", given, call)
    bench.sightings.note_all(reply, call.caller.principal)
    return page(reply, _brief)


async def enable_warmup(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Start the job that turns warm-up on, and follow it."""
    return await start_and_follow(bench, "enableWarmupForAccounts", given, call)


async def disable_warmup(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Start the job that turns warm-up off, and follow it."""
    return await start_and_follow(bench, "disableWarmupForAccounts", given, call)


async def start_and_follow(
    bench: Bench, operation_id: str, given: JsonObject, call: Call
) -> Json:
    """Execute what starts a job; ``wait_seconds`` is ours and is not sent."""
    asked = {name: value for name, value in given.items() if name != "wait_seconds"}
    reply = await bench.execute(operation_id, asked, call)
    sight = Sight(_noted(bench, reply, call))
    if sight.job["ended"] or not isinstance(sight.job.get("id"), str):
        return sight.as_result()
    longest = _patience(bench, sight.job, given.get("wait_seconds"), call)
    return (await _followed(bench, sight, call, longest)).as_result()


def _patience(bench: Bench, job: JsonObject, asked: Json, call: Call) -> float:
    if call.become_task(f"Background job {job['id']}: {_progress_of(job)}"):
        return TASK_LONGEST
    if asked is not None:
        return bench.patience(call, min(float(asked), LONGEST))
    return 0 if call.progress_token is None else WITH_TOKEN


async def _followed(bench: Bench, sight: Sight, call: Call, longest: float) -> Sight:
    """Look again and again until the job ended or the time is up."""
    waited = 0.0
    for number, wait in zip(count(1), waits(), strict=False):
        if sight.job["ended"] or waited + wait > longest:
            break
        await bench.pause(wait)
        waited += wait
        try:
            sight = Sight(await look_at_job(bench, sight.job["id"], call))
        except ApiError as error:
            sight = evolve(sight, trouble=error)
            if error.reason not in MAY_PASS:
                break
        _tell(call, sight.job, number)
    return sight


async def look_at_job(bench: Bench, id: str, call: Call) -> JsonObject:
    """Read a job once; whoever watches it is told of a change.

    :raises ApiError: also when the reply is no job.
    """
    reply = await bench.fetch("getBackgroundJob", {"id": id}, call)
    return _noted(bench, reply, call)


def _tell(call: Call, job: JsonObject, number: int) -> None:
    percent = job.get("progress")
    known = percent if isinstance(percent, int | float) else 0
    # The protocol wants growth, and a job may stay where it is for a while.
    running = min(known, 99) + number / 10_000
    call.progress(100 if job["ended"] else running, 100, _progress_of(job))


def _progress_of(job: JsonObject) -> str:
    return f"{job.get('status', 'unknown')}, {job.get('progress', 0)} %"


def waits() -> Iterator[float]:
    """Return how long to wait before each further look, without an end."""
    return chain(BACKOFF, repeat(AFTERWARDS))


def _noted(bench: Bench, reply: Json, call: Call) -> JsonObject:
    bench.sightings.note(reply, call.caller.principal)
    return job_of(reply)


def _brief(job: JsonObject) -> JsonObject:
    return {n: v for n, v in job_of(job).items() if n != "data" and v is not None}


def _ended_well(job: JsonObject) -> Json:
    """A job that ended may still have failed for some, or for all."""
    data = job.get("data")
    counts = data if isinstance(data, dict) else {}
    failed, done = counts.get("failed_count"), counts.get("success_count")
    if not isinstance(failed, int) or failed < 1:
        return {"job": job}
    whole = failed + done if isinstance(done, int) else failed
    said = f"The background job ended, but {failed} of {whole} failed."
    return {"job": job, "warnings": [said]} if done else _ended_badly(job, said)


def _ended_badly(job: JsonObject, said: str) -> Failed:
    return Failed(
        {
            "code": "job_failed",
            "message": said,
            "hint": "Some of its work may be done: check, and tell the user.",
            "job": job,
        }
    )
