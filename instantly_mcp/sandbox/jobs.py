"""Background jobs, which take some seconds and have their effect when they end."""

from __future__ import annotations

from collections.abc import Callable

from .records import ApiObject, Job
from .timeline import format_time
from .world import World

QUEUED_SECONDS = 1.0
MIN_JOB_SECONDS = 5.0
JOB_SECONDS_PER_ITEM = 0.01


def start_job(
    world: World,
    kind: str,
    entity: tuple[str, str],
    count: int,
    finish: Callable[[], ApiObject],
) -> Job:
    """Start a job.

    :param entity: the type and the id of what the job belongs to.
    :param count: how many things it processes; each makes it longer.
    :param finish: makes the effect when the job ends, and returns its final data.
    """
    seconds = MIN_JOB_SECONDS + JOB_SECONDS_PER_ITEM * count
    shown: ApiObject = {
        "id": world.new_id(),
        "workspace_id": world.id,
        "user_id": world.user_id,
        "type": kind,
        "entity_id": entity[1],
        "entity_type": entity[0],
        "data": {"total_to_process": count},
        "progress": 0,
        "status": "pending",
        "created_at": world.timestamp(),
        "updated_at": world.timestamp(),
    }
    job = Job(shown, world.now, seconds, finish)
    world.jobs[shown["id"]] = job
    world.call_at(world.now + seconds, _finish, job)
    return job


def refreshed(world: World, job: Job) -> ApiObject:
    """Return the job with its present status and progress."""
    shown = job.shown
    if shown["status"] in ("success", "failed"):
        return shown
    passed = world.now - job.started
    if passed >= QUEUED_SECONDS:
        shown["status"] = "in-progress"
        shown["progress"] = min(99, int(100 * passed / job.seconds))
        shown["updated_at"] = world.timestamp()
    return shown


def _finish(world: World, job: Job) -> None:
    job.shown["data"].update(job.finish())
    job.shown["status"] = "success"
    job.shown["progress"] = 100
    job.shown["updated_at"] = format_time(world.now)
