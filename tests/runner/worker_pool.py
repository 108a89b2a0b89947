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

OnRecord = Callable[[Unit, dict[str, Any]], None]


@define(eq=False)
class WorkerPool:
    """The worker processes; each runs one unit at a time.

    :param on_record: called with a unit and a record of its worker, by one thread
        at a time.
    """

    units: Sequence[Unit]
    seed: int
    on_record: OnRecord
    _waiting: queue.SimpleQueue[Unit] = field(factory=queue.SimpleQueue, init=False)
    _ended: queue.SimpleQueue[None] = field(factory=queue.SimpleQueue, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _processes: list[subprocess.Popen[str]] = field(factory=list, init=False)

    def run(self, jobs: int) -> None:
        """Run all units in `jobs` processes; with one job, in this process."""
        if jobs == 1:
            named = {unit.name: unit for unit in self.units}
            self._in_this_process(named)
            return
        for unit in self.units:
            self._waiting.put(unit)
        for _ in range(jobs):
            threading.Thread(target=self._serve, daemon=True).start()
        while jobs:
            try:
                # Not Thread.join: an interrupted one treats its thread as ended.
                self._ended.get()
                jobs -= 1
            except KeyboardInterrupt:
                self._end()

    def _end(self) -> None:
        """Start no more units; the running tests count as failures."""
        with suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()
        for process in self._processes:
            process.kill()

    def _in_this_process(self, named: dict[str, Unit]) -> None:
        current = ""

        def names() -> Iterator[str]:
            nonlocal current
            for name in named:
                current = name
                yield name

        def emit(record: dict[str, Any]) -> None:
            self.on_record(named[current], record)

        worker.run(names(), self.seed, emit)

    def _serve(self) -> None:
        process = None
        try:
            with suppress(queue.Empty):
                while True:
                    unit = self._waiting.get_nowait()
                    if process is None or process.poll() is not None:
                        process = self._start()
                    self._run_unit(process, unit)
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

    def _run_unit(self, process: subprocess.Popen[str], unit: Unit) -> None:
        stdin, stdout = cast(Any, process.stdin), cast(Any, process.stdout)
        last = "the first test"
        with suppress(BrokenPipeError):
            stdin.write(f"{unit.name}\n")
            stdin.flush()
        for line in stdout:
            record = json.loads(line)
            last = record.get("started", last)
            with self._lock:
                self.on_record(unit, record)
            if "done" in record:
                return
        died = f"the worker process ended with {process.wait()} in {last}\n"
        lost = Outcome(unit=unit.name, test=last, kind=Kind.FAILED, text=died)
        with self._lock:
            self.on_record(unit, {"outcome": lost.record()})
            self.on_record(unit, {"done": unit.name})
