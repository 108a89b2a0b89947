"""Where a transcript is played: a shell, its servers and its clients, in a folder."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue

from attrs import define, field

from tests.support.timing import PATIENCE_SECONDS

from .transcript import Block, Entry, matches

ROOT = Path(__file__).parent.parent.parent
END = "\x01end"
"""What the shell prints after each command."""

PAGE_PORTS = ("3000", "3100", "3001")
"""The ports that the pages show; each is played on a free one."""


PAGE_HOME = "/home/ada"
"""The home directory that the pages show, which is the working directory, too."""


def free_ports(count: int) -> Sequence[str]:
    """Return ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@define(eq=False)
class Program:
    """A process whose output is read line by line while it runs."""

    process: subprocess.Popen[str]
    lines: list[str] = field(init=False, factory=list)
    _queue: Queue[str | None] = field(init=False, factory=Queue)
    _ended: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def next_line(self) -> str | None:
        """Wait for a line; ``None`` after the last."""
        if self._ended:
            return None
        try:
            line = self._queue.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise AssertionError("the program printed nothing more") from None
        self._ended = line is None
        if line is not None:
            self.lines.append(line)
        return line

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        while self.next_line() is not None:
            pass
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """End whatever still runs."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@define(eq=False)
class Stage:
    """Plays the blocks of one page.

    :param folder: the working directory and the home of the person.
    :param environment: added to the person's environment.
    :param words: what stands in the place of words of the page, such as ports.
    """

    folder: Path
    environment: Mapping[str, str]
    words: Mapping[str, str]
    _shell: Program = field(init=False)
    _servers: dict[str, Program] = field(init=False, factory=dict)
    _count: int = field(init=False, default=0)

    @_shell.default
    def _start_shell(self) -> Program:
        return self._start(["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE)

    def _start(
        self,
        command: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Program:
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd or self.folder,
            env=self.environment if env is None else env,
            start_new_session=True,
        )
        return Program(process)

    def play(self, block: Block) -> Sequence[tuple[Entry, Sequence[str], bool]]:
        """Play a block; return for each entry what was shown, and if it fits."""
        if block.kind == "mcp":
            shown = self._call(block)
        elif block.name:
            return [self._serve(block.name, entry) for entry in block.entries]
        else:
            shown = [self._run(self._put(entry.text)) for entry in block.entries]
        pairs = zip(block.entries, map(self._take, shown), strict=True)
        return [
            (entry, lines, matches(entry.expected, lines, whole=True))
            for entry, lines in pairs
        ]

    def close(self) -> Mapping[str, int]:
        """Press Ctrl-C in each terminal; return the exit statuses of the servers."""
        try:
            return {name: each.interrupt() for name, each in self._servers.items()}
        finally:
            for program in (*self._servers.values(), self._shell):
                program.kill()

    def _serve(self, name: str, entry: Entry) -> tuple[Entry, Sequence[str], bool]:
        if name in self._servers:
            status = self._servers.pop(name).interrupt()
            assert status == 0, f"{name} ended with status {status}"
        names = dict(
            line.split("=", 1) for line in self._run("env -0 | tr '\\0\\n' '\\n '")
        )
        command = ["bash", "-c", f"exec {self._put(entry.text)}"]
        program = self._start(command, env=names, cwd=self._run("pwd")[0])
        self._servers[name] = program
        while not matches(entry.expected, self._take(program.lines), whole=False):
            if program.next_line() is None:
                return entry, self._take(program.lines), False
        return entry, self._take(program.lines), True

    def _run(self, command: str) -> Sequence[str]:
        """Run a command in the shell; return its output."""
        self._count += 1
        script = self.folder / f".typed-{self._count}"
        script.write_text(command + "\n", encoding="utf-8")
        path = shlex.quote(str(script))
        stdin = self._shell.process.stdin
        assert stdin is not None
        stdin.write(f'eval "$(cat {path})" </dev/null 2>&1; printf "\\n{END}\\n"\n')
        stdin.flush()
        shown: list[str] = []
        while (line := self._shell.next_line()) != END:
            assert line is not None, f"the shell ended at: {command}"
            shown.append(line)
        return shown[:-1] if shown and not shown[-1] else shown

    def _call(self, block: Block) -> Sequence[Sequence[str]]:
        plan = {
            "server": self._put(block.server),
            "calls": [self._call_of(entry) for entry in block.entries],
        }
        file = self.folder / ".calls.json"
        file.write_text(json.dumps(plan), encoding="utf-8")
        caller = f"{shlex.quote(sys.executable)} -m tests.journeys.caller"
        root, given = shlex.quote(str(ROOT)), shlex.quote(str(file))
        lines = self._run(
            f"PYTHONPATH={root} {caller} <{given} 2>{given}.err || cat {given}.err"
        )
        shown = [json.loads(line) for line in lines if line.startswith("[")]
        assert len(shown) == len(block.entries), "\n".join(lines[-30:])
        return shown

    def _call_of(self, entry: Entry) -> Mapping[str, object]:
        tool, _, arguments = self._put(entry.text).partition(" ")
        answers = [line[2:] for line in entry.expected if line.startswith("! ")]
        given = json.loads(arguments or "{}")
        return {"tool": tool, "arguments": given, "answers": answers}

    def _put(self, text: str) -> str:
        for word, place in self.words.items():
            text = text.replace(word, place)
        return text

    def _take(self, shown: Sequence[str]) -> Sequence[str]:
        """Return output with the words of the page."""
        lines = list(shown)
        for word, place in self.words.items():
            lines = [line.replace(place, word) for line in lines]
        return lines


def stage_in(folder: Path) -> Stage:
    """Return a stage for a new person in an empty folder."""
    ports = free_ports(len(PAGE_PORTS))
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {
        "HOME": str(folder),
        "PATH": path,
        "LANG": "C.UTF-8",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        "INSTANTLY_MCP_PORT": ports[0],
    }
    words = dict(zip(PAGE_PORTS, ports, strict=True))
    return Stage(folder, environment, {PAGE_HOME: str(folder), **words})
