"""Polls a background job for its subscribers, because Instantly does not push changes.

A change that a read finds is reported by the job changes of the context.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

from attrs import frozen

from ..._deferred import deferred
from ...api.errors import ApiError, Reason
from ...protocol.calls.call import Call
from ..results import CallRefusedError
from ..workspace.context import FeatureContext, Values
from ..workspace.job_following import (
    MAX_TASK_SECONDS,
    TRANSIENT_REASONS,
    poll_waits,
    read_job,
)

Poll: TypeAlias = Callable[[FeatureContext, Values, Call], Coroutine[Any, Any, None]]

MAX_MISSES = 4
"""After this many reads in a row that find no job, the job is taken to be gone."""


@frozen
class ResourceWatcher:
    """Runs the polling function of a resource."""

    context: FeatureContext
    poll: Poll

    @deferred
    async def __call__(self, uri: str, values: Mapping[str, str], call: Call) -> None:
        await self.poll(self.context, values, call)


async def watch_job(context: FeatureContext, values: Values, call: Call) -> None:
    """Read a job until it ended, is gone, may not be read, or an hour has passed."""
    waited, missing = 0.0, 0
    for wait in poll_waits():
        try:
            job = await read_job(context, values["id"], call)
        except CallRefusedError:
            # The connection token of the subscriber has ended.
            return
        except ApiError as error:
            missing = missing + 1 if error.reason is Reason.NOT_FOUND else 0
            if missing == MAX_MISSES:
                context.job_changes.record_deleted(values["id"], call.caller.principal)
            if missing == MAX_MISSES or error.reason not in TRANSIENT_REASONS:
                return
        else:
            missing = 0
            if job["ended"]:
                return
        waited += wait
        if waited > MAX_TASK_SECONDS:
            return
        await context.pause(wait)
