"""Distributes units of work to worker processes, and passes on their records."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, cast

from attrs import define, field

from . import worker
from .outcomes import Kind, Outcome
from .selection import ROOT, Unit

Hear = Callable[[Unit, dict[str, Any]], None]


@define(eq=False)
class Crew:
    """The worker processes; each runs one unit at a time.

    :param hear: called with a unit and a record of its worker, by one thread at a time.
    """

    units: Sequence[Unit]
    seed: int
    hear: Hear
    _left: queue.SimpleQueue[Unit] = field(factory=queue.SimpleQueue, init=False)
    _ended: queue.SimpleQueue[None] = field(factory=queue.SimpleQueue, init=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False)
    _processes: list[subprocess.Popen[str]] = field(factory=list, init=False)

    def run(self, jobs: int) -> None:
        """Run all units in `jobs` processes; with one job, in this process."""
        if jobs == 1:
            named = {unit.name: unit for unit in self.units}
            self._in_this_process(named)
            return
        for unit in self.units:
            self._left.put(unit)
        for _ in range(jobs):
            threading.Thread(target=self._drive, daemon=True).start()
        while jobs:
            try:
                # Not Thread.join: one that is interrupted takes its thread for ended.
                self._ended.get()
                jobs -= 1
            except KeyboardInterrupt:
                self._end()

    def _end(self) -> None:
        """Start no more units; the running tests count as failures."""
        with suppress(queue.Empty):
            while True:
                self._left.get_nowait()
        for process in self._processes:
            process.kill()

    def _in_this_process(self, named: dict[str, Unit]) -> None:
        current = ""

        def handed() -> Iterator[str]:
            nonlocal current
            for name in named:
                current = name
                yield name

        worker.run(handed(), self.seed, lambda told: self.hear(named[current], told))

    def _drive(self) -> None:
        process = None
        try:
            with suppress(queue.Empty):
                while True:
                    unit = self._left.get_nowait()
                    if process is None or process.poll() is not None:
                        process = self._start()
                    self._one(process, unit)
            if process is not None:
                with suppress(BrokenPipeError):
                    cast(Any, process.stdin).close()
                process.wait()
        finally:
            self._ended.put(None)

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.runner.worker", str(self.seed)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def _one(self, process: subprocess.Popen[str], unit: Unit) -> None:
        stdin, stdout = cast(Any, process.stdin), cast(Any, process.stdout)
        last = "the first test"
        with suppress(BrokenPipeError):
            stdin.write(f"{unit.name}\n")
            stdin.flush()
        for line in stdout:
            told = json.loads(line)
            last = told.get("started", last)
            with self._turn:
                self.hear(unit, told)
            if "done" in told:
                return
        died = f"the worker process ended with {process.wait()} in {last}\n"
        lost = Outcome(unit=unit.name, test=last, kind=Kind.FAILED, text=died)
        with self._turn:
            self.hear(unit, {"outcome": lost.record()})
            self.hear(unit, {"done": unit.name})
