"""Counts the instructions of a running process with perf or callgrind.

If neither works, instructions are not counted.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from attrs import define, field

_EVENT = "instructions:u"


class Counter(Protocol):
    """Counts the instructions of one process between `begin` and `end`."""

    def wrapped(self, command: Sequence[str]) -> Sequence[str]:
        """Return the command that starts `command` so that it can be counted."""

    def ready(self, pid: int) -> None:
        """Prepare a process that has started."""

    def begin(self, pid: int) -> None:
        """Start counting."""

    def end(self, pid: int) -> int:
        """Return the number of instructions since `begin`."""


@define
class Perf:
    """The hardware counters of the machine."""

    _running: subprocess.Popen[str] | None = field(default=None, init=False)

    def wrapped(self, command: Sequence[str]) -> Sequence[str]:
        return command

    def ready(self, pid: int) -> None:
        """Do nothing: perf attaches in `begin`."""

    def begin(self, pid: int) -> None:
        command = ["perf", "stat", "-x,", "-e", _EVENT, "-p", str(pid)]
        self._running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        # perf prints nothing when it has attached, which takes a few milliseconds.
        try:
            self._running.wait(0.3)
        except subprocess.TimeoutExpired:
            return
        raise RuntimeError("perf cannot attach to the process")

    def end(self, pid: int) -> int:
        assert self._running is not None
        self._running.send_signal(signal.SIGINT)
        return int(self._running.communicate()[1].split(",", 1)[0])


@define
class Callgrind:
    """Valgrind: exact and available everywhere, but about fifty times slower.

    :param folder: the folder for profiles.
    """

    folder: Path

    def wrapped(self, command: Sequence[str]) -> Sequence[str]:
        options = [
            "--tool=callgrind",
            "--instr-atstart=no",
            f"--callgrind-out-file={self.folder}/callgrind.%p",
            f"--log-file={self.folder}/valgrind.%p",
        ]
        return ["valgrind", *options, *command]

    def ready(self, pid: int) -> None:
        self._tell(pid, "instrumentation", "on")

    def begin(self, pid: int) -> None:
        self._tell(pid, "dump")

    def end(self, pid: int) -> int:
        before = set(self._dumps(pid))
        self._tell(pid, "dump")
        (fresh,) = set(self._dumps(pid)) - before
        found = re.findall(r"^totals: (\d+)", fresh.read_text("latin-1"), re.M)
        return int(found[-1])

    def _dumps(self, pid: int) -> Sequence[Path]:
        return list(self.folder.glob(f"callgrind.{pid}.*"))

    def _tell(self, pid: int, *words: str) -> None:
        command = ["vgdb", f"--pid={pid}", *words]
        subprocess.run(command, check=True, capture_output=True, timeout=300)


def choose_counter(wish: str, folder: Path) -> Counter | None:
    """Return the counter named `wish`; with ``auto``, the best that works.

    :raises RuntimeError: when the named one does not work on this machine.
    """
    if wish in {"auto", "perf"} and _perf_works():
        return Perf()
    if wish in {"auto", "callgrind"} and _valgrind_works():
        return Callgrind(folder)
    if wish in {"auto", "none"}:
        return None
    raise RuntimeError(f"{wish} does not work on this machine")


def _perf_works() -> bool:
    if shutil.which("perf") is None:
        return False
    command = ["perf", "stat", "-x,", "-e", _EVENT, "-p", str(os.getpid()), "true"]
    tried = subprocess.run(command, check=False, capture_output=True, text=True)
    return tried.returncode == 0 and tried.stderr[:1].isdigit()


def _valgrind_works() -> bool:
    return all(shutil.which(name) is not None for name in ("valgrind", "vgdb"))
