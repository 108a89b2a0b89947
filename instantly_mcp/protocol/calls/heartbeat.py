"""Progress that is sent while a feature itself reports none.

Clients give up after about 60 seconds of silence, and many begin to count again with
each progress notification. A feature that waits for one slow reply has nothing to
report, so the call reports for it, as long as it runs.
"""

from __future__ import annotations

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from .call import Call

HEARTBEAT_SECONDS = 10.0
"""Seconds between two reports; with a delay on the way the client still gets one every
15 seconds."""


def start_heartbeat(call: Call) -> None:
    """Report progress for a call whose client wants some, until it ends."""
    if call.clock is None or call.progress_token is None or call.set_task_message:
        return
    heartbeat = Heartbeat(call, call.clock)
    heartbeat.start()
    call.stop_heartbeat = heartbeat.stop


@define(eq=False)
class Heartbeat:
    """Reports progress for one call until it is stopped."""

    call: Call
    clock: IReactorTime
    _timer: IDelayedCall | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin; the first report comes after `HEARTBEAT_SECONDS`."""
        self._timer = self.clock.callLater(HEARTBEAT_SECONDS, self._beat)

    def stop(self) -> None:
        """End. Idempotent."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _beat(self) -> None:
        self.start()
        self.call.beat()
