"""Runs a driver and reads its steps, through the reactor."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

Step = dict[str, Any]


class Driver(ProcessProtocol):
    """A client's driver: its output, and how it ended."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.errors = b""
        self.ended: Deferred[int] = Deferred()
        self.running = True
        self._rest = b""
        self._waiting: list[tuple[str, Deferred[Step]]] = []

    def outReceived(self, data: bytes) -> None:
        """Read the lines that are complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._said(json.loads(line))

    def errReceived(self, data: bytes) -> None:
        """Keep what the client writes to standard error."""
        self.errors += data

    def processEnded(self, reason: Failure) -> None:
        """Fail every waiting read."""
        value: Any = reason.value
        self.running = False
        waiting, self._waiting = self._waiting, []
        for name, waiter in waiting:
            waiter.errback(AssertionError(f"ended before {name}: {self.output}"))
        self.ended.callback(-value.signal if value.signal else value.exitCode)

    @property
    def output(self) -> str:
        """All its output, for failure messages."""
        return f"{self.steps}\n{self.errors.decode(errors='replace')}"

    def step(self, name: str) -> Deferred[Step]:
        """Fire with the first step of this name."""
        waiter: Deferred[Step] = Deferred()
        for step in self.steps:
            if step["step"] == name:
                waiter.callback(step)
                return waiter
        if self.running:
            self._waiting.append((name, waiter))
        else:
            waiter.errback(AssertionError(f"ended before {name}: {self.output}"))
        return waiter

    def cancel_call(self) -> None:
        """Make it cancel the call that it waits for."""
        process: Any = self.transport
        process.write(b"cancel\n")

    def kill(self) -> Deferred[int] | None:
        """End it, if it has not ended."""
        process: Any = self.transport
        if not self.running:
            return None
        process.signalProcess("KILL")
        return self.ended

    def _said(self, step: Step) -> None:
        self.steps.append(step)
        due = [waiter for name, waiter in self._waiting if name == step["step"]]
        self._waiting = [one for one in self._waiting if one[0] != step["step"]]
        for waiter in due:
            waiter.callback(step)
