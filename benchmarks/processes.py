"""Starts and ends the measured processes, and reads their memory and CPU time."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from .counters import Counter

START_SECONDS = 180.0
_LOOK_SECONDS = 0.01


@frozen
class Served:
    """A process that listens.

    :param started_in: seconds from its start until it listened.
    """

    process: subprocess.Popen[bytes]
    port: int
    started_in: float

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def memory(self) -> int:
        """Return its resident bytes; 0 if the system does not report them."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        except OSError:
            return 0
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def files(self) -> int:
        """Return the number of its open files; 0 if the system does not report it."""
        try:
            return len(os.listdir(f"/proc/{self.pid}/fd"))
        except OSError:
            return 0

    def cpu(self) -> float:
        """Return the seconds of processor time it has used; 0 if unknown."""
        try:
            spent = Path(f"/proc/{self.pid}/schedstat").read_text("ascii")
        except OSError:
            return 0.0
        return int(spent.split()[0]) / 1e9


@define(eq=False)
class Stage:
    """The processes of one measurement; leaving the ``with`` block ends them."""

    folder: Path
    _running: list[subprocess.Popen[bytes]] = field(factory=list, init=False)

    def __enter__(self) -> Stage:
        self.folder.mkdir(exist_ok=True)
        _raise_file_limit()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def upstream(self, delay: float = 0.0) -> Served:
        """Start the upstream, which delays each answer by `delay` seconds."""
        ready = self._ready_file("upstream")
        command = [sys.executable, "-m", "benchmarks.upstream", str(ready), str(delay)]
        return self._serve("upstream", command, ready, _read_pair)

    def references(
        self, bodies: Path, upstream: Served, counter: Counter | None = None
    ) -> Served:
        """Start the bare Klein app."""
        ready = self._ready_file("references")
        base = f"http://127.0.0.1:{upstream.port}"
        module = [sys.executable, "-m", "benchmarks.references"]
        command = [*module, str(ready), str(bodies), base]
        return self._serve("references", command, ready, _read_pair, counter)

    def daemon(self, upstream: Served, counter: Counter | None = None) -> Served:
        """Start the daemon: defaults, except for addresses, files and limits."""
        ready = self._ready_file("daemon")
        options = {
            "listen": "tcp:0:interface=127.0.0.1",
            "upstream": f"http://127.0.0.1:{upstream.port}",
            "rate-limit": "1000000",
            "max-connections": "10000",
            "max-sessions": "100000",
            "log-format": "json",
            "log-file": str(ready.with_suffix(".log")),
            "state-dir": str(self._folder_of("state")),
            "ready-file": str(ready),
        }
        given = [f"--{name}={value}" for name, value in options.items()]
        command = [sys.executable, "-m", "instantly_mcp", "run", *given]
        return self._serve("daemon", command, ready, _read_json, counter)

    def _serve(
        self,
        name: str,
        command: Sequence[str],
        ready: Path,
        read: Callable[[str], int],
        counter: Counter | None = None,
    ) -> Served:
        if counter is not None:
            command = counter.wrapped(command)
        began = time.perf_counter()
        with ready.with_suffix(".out").open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, env=_environment()
            )
        self._running.append(process)
        while not ready.exists():
            if process.poll() is not None or _passed(began) > START_SECONDS:
                said = ready.with_suffix(".out").read_text("utf-8", "replace")
                raise RuntimeError(f"{name} did not start:\n{said}")
            time.sleep(_LOOK_SECONDS)
        served = Served(process, read(ready.read_text("utf-8")), _passed(began))
        if counter is not None:
            counter.ready(served.pid)
        return served

    def _ready_file(self, name: str) -> Path:
        return self.folder / f"{name}-{len(self._running)}"

    def _folder_of(self, name: str) -> Path:
        folder = self._ready_file(name)
        folder.mkdir(mode=0o700)
        return folder


class Load:
    """The process of the load generator."""

    def __enter__(self) -> Load:
        command = [sys.executable, "-m", "benchmarks.load"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def run(
        self,
        port: int,
        texts: Sequence[bytes],
        connections: int,
        requests: int,
        expected: bytes = b"",
    ) -> dict[str, Any]:
        """Run one job and return its results.

        :raises RuntimeError: when an answer is not 200 or lacks `expected`.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {
            "port": port,
            "texts": [text.decode("latin-1") for text in texts],
            "connections": connections,
            "requests": requests,
            "expected": expected.decode("latin-1"),
        }
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator has ended")
        outcome: dict[str, Any] = json.loads(line)
        if outcome["failed"]:
            raise RuntimeError(f"{outcome['failed']} failed: {outcome['sample']}")
        return outcome


def _passed(began: float) -> float:
    return time.perf_counter() - began


def _read_pair(text: str) -> int:
    return int(text.split()[1])


def _read_json(text: str) -> int:
    url: str = json.loads(text)["urls"][0]
    return int(url.split(":")[2].split("/", maxsplit=1)[0])


def _environment() -> dict[str, str]:
    """Return the environment of this process without settings of the daemon."""
    ours = ("INSTANTLY_", "MCP_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return {**kept, "PYTHONHASHSEED": "0"}


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16384 if hard == resource.RLIM_INFINITY else min(16384, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
