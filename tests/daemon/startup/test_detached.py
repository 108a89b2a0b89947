"""The daemon in the background, as ``twistd`` runs it by default."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from twisted.internet.defer import Deferred, gatherResults

from instantly_mcp._deferred import deferred

from ..processes import MODULE, ROOT, TWISTD, ProcessTestCase, Running, kill

TAC = str(ROOT / "instantly.tac")
SANDBOX = {"INSTANTLY_MCP_SANDBOX": "true"}


class DetachedTestCase(ProcessTestCase):
    """Starts daemons in a folder of the test's own; each has its own pid file."""

    def setUp(self) -> None:
        """Have a folder to start in."""
        super().setUp()
        self.pid_files: list[Path] = []
        self.addCleanup(self.end_all)

    def end_all(self) -> None:
        """Leave no daemon behind."""
        for path in self.pid_files:
            if path.exists():
                kill(int(path.read_text(encoding="ascii")))

    def twistd(
        self, *options: str, words: Sequence[str] = ("instantly_mcp",), **environ: str
    ) -> tuple[Running, Path, Path]:
        """Start ``twistd``; return the process, its pid file and its folder."""
        folder = self.folder / f"run-{len(self.pid_files)}"
        folder.mkdir()
        pid_file = folder / "twistd.pid"
        self.pid_files.append(pid_file)
        running = self.spawn(
            (*TWISTD, *options, *words),
            cwd=folder,
            environ={**SANDBOX, "PYTHONPATH": str(ROOT), **environ},
        )
        return running, pid_file, folder

    def taken_port(self) -> str:
        """Return an endpoint on a port that another program has."""
        other = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(other.close)
        return f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"


class LifeTests(DetachedTestCase):
    """It starts, reloads, rotates and stops, and leaves nothing behind."""

    @deferred
    async def lives(self, *options: str, words: Sequence[str]) -> None:
        """Check the whole life of a detached daemon."""
        running, pid_file, folder = self.twistd(*options, words=words)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertEqual(running.output, b"")
        # It listens when the command ends: no waiting for the ready file.
        record = await running.ready()
        self.assertEqual(pid_file.read_text(encoding="ascii"), str(record["pid"]))
        listed = await self.call(record["urls"][0], "tools/list")
        self.assertIn("tools", listed["result"])
        log = folder / "twistd.log"
        log.rename(folder / "twistd.log.1")
        os.kill(record["pid"], signal.SIGUSR1)
        await self.until(lambda: holds(log, b"opened the log file again"))
        os.kill(record["pid"], signal.SIGHUP)
        await self.until(lambda: holds(log, b"reloaded"))
        os.kill(record["pid"], signal.SIGTERM)
        await self.until(lambda: not pid_file.exists())
        self.assertFalse(running.ready_file.exists())
        await self.until(lambda: holds(log, b"stopped"))

    def test_plugin(self):
        """``twistd instantly_mcp``."""
        return self.lives(words=("instantly_mcp",))

    def test_tac(self):
        """``twistd -y instantly.tac``: its log is where twistd users look for it."""
        return self.lives("-y", TAC, words=())

    def test_another_folder(self):
        """``twistd --rundir``: files are found again after the change of folder."""
        (self.folder / "elsewhere").mkdir()
        return self.lives(f"--rundir={self.folder}/elsewhere", words=("instantly_mcp",))


class FailureTests(DetachedTestCase):
    """A start that fails says why on the terminal and in the log, and ends with 78."""

    async def fails(
        self,
        code: str,
        *options: str,
        words: Sequence[str] = ("instantly_mcp",),
        log: str = "twistd.log",
        **environ: str,
    ) -> None:
        """Check the end of one such start."""
        running, pid_file, folder = self.twistd(*options, words=words, **environ)
        status = await running.ended
        said = running.output.decode()
        self.assertEqual(status, 78, said)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertIn(code, said)
        self.assertFalse(pid_file.exists())
        if running.ready_file.parent.is_dir():
            self.assertFalse(running.ready_file.exists())
        if log:
            logged = (folder / log).read_text(encoding="utf-8")
            self.assertIn(said.strip().removeprefix("instantly-mcp: "), logged)
            self.assertNotIn("Traceback", logged)

    def failing(self, code: str, *options: str, **more: str) -> Deferred[None]:
        """Start the check."""
        return Deferred.fromCoroutine(self.fails(code, *options, **more))

    def test_port_taken(self):
        """A taken port, with the plugin and with the application file."""
        taken = self.taken_port()
        return gatherResults(
            [
                self.failing("IMCP-BIND", INSTANTLY_MCP_LISTEN=taken),
                Deferred.fromCoroutine(
                    self.fails(
                        "IMCP-BIND", "-y", TAC, words=(), INSTANTLY_MCP_LISTEN=taken
                    )
                ),
                self.failing("IMCP-BIND", INSTANTLY_MCP_METRICS_LISTEN=taken),
            ],
            consumeErrors=True,
        )

    def test_ready_file(self):
        """A ready file that cannot be written."""
        folder = self.folder / "folder"
        folder.mkdir()
        return gatherResults(
            [
                self.failing("IMCP-READY", INSTANTLY_MCP_READY_FILE="/nowhere/r.json"),
                self.failing("IMCP-READY", INSTANTLY_MCP_READY_FILE=str(folder)),
            ],
            consumeErrors=True,
        )

    def test_addresses(self):
        """An address of another machine, and a certificate that cannot be read."""
        elsewhere = "tcp:0:interface=192.0.2.1"
        missing = "ssl:0:privateKey=/nowhere/key.pem:interface=127.0.0.1"
        return gatherResults(
            [
                self.failing("IMCP-BIND", INSTANTLY_MCP_LISTEN=elsewhere),
                self.failing("IMCP-BIND", INSTANTLY_MCP_LISTEN=missing),
            ],
            consumeErrors=True,
        )

    def test_files_and_settings(self):
        """Settings, key files, seal keys and the state directory."""
        bad = self.folder / "bad"
        bad.write_text("no key\n", encoding="utf-8")
        bad.chmod(0o600)
        return gatherResults(
            [
                self.failing("IMCP-SETTING", INSTANTLY_MCP_RATE_LIMIT="x"),
                self.failing(
                    "IMCP-KEY",
                    INSTANTLY_MCP_SANDBOX="",
                    INSTANTLY_MCP_API_KEY_FILE="/n",
                ),
                self.failing("IMCP-STATE", INSTANTLY_MCP_SEAL_KEY_FILE=str(bad)),
                self.failing("IMCP-STATE", INSTANTLY_MCP_STATE_DIR=str(bad)),
            ],
            consumeErrors=True,
        )

    def test_log(self):
        """A log that is a FIFO without a reader, or standard output."""
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        return gatherResults(
            [
                self.failing("IMCP-LOG", f"--logfile={fifo}", log=""),
                self.failing("IMCP-LOG", log="", INSTANTLY_MCP_LOG_FILE=str(fifo)),
                self.failing("IMCP-LOG", "--logfile=-", log=""),
            ],
            consumeErrors=True,
        )

    def test_twistd_options(self):
        """Options of twistd itself: folders, pid file, and a user to change to."""
        checks = [
            self.failing("--rundir", "--rundir=/nowhere"),
            self.failing("--pidfile", "--pidfile=/nowhere/twistd.pid"),
        ]
        if os.geteuid() != 0:
            checks.append(self.failing("--uid", "--uid=0"))
            checks.append(self.failing("--chroot", "--chroot=/"))
        else:
            # It may not write the ready file, nor remove the pid file, then.
            mine = self.folder / "mine"
            mine.mkdir(mode=0o700)
            ready = str(mine / "ready.json")
            state = self.folder / "state"
            state.mkdir()
            os.chown(state, 65534, 65534)
            self.folder.parent.chmod(0o755)
            checks.append(
                self.failing(
                    *("IMCP-READY", "--uid=65534"),
                    INSTANTLY_MCP_READY_FILE=ready,
                    INSTANTLY_MCP_STATE_DIR=str(state),
                )
            )
        return gatherResults(checks, consumeErrors=True)

    @deferred
    async def test_dies_while_it_starts(self):
        """When a daemon ends silently while it starts, its caller does not wait."""
        ends = (
            "import os;"
            "from instantly_mcp.daemon.process.service import DaemonService as D;"
            "D.privilegedStartService = lambda self: os._exit(9); "
            "from twisted.scripts.twistd import run; run()"
        )
        folder = self.folder / "ends"
        folder.mkdir()
        running = self.spawn(
            (sys.executable, "-c", ends, "--pidfile=", "instantly_mcp"),
            cwd=folder,
            environ={**SANDBOX, "PYTHONPATH": str(ROOT)},
        )
        self.assertEqual(await running.ended, 1, running.output)
        self.assertIn(b"ended while it started", running.output)
        self.assertIn(b"twistd.log", running.output)


class PidFileTests(DetachedTestCase):
    """The pid file of a running daemon, and of one that has ended."""

    @deferred
    async def test_second_daemon(self):
        """A second one is refused, and the pid file stays the first one's."""
        first, pid_file, folder = self.twistd()
        self.assertEqual(await first.ended, 0, first.output)
        pid = pid_file.read_text(encoding="ascii")
        second = self.spawn(
            (*TWISTD, f"--pidfile={pid_file}", "instantly_mcp"),
            cwd=folder,
            environ={**SANDBOX, "PYTHONPATH": str(ROOT)},
        )
        self.assertEqual(await second.ended, 1)
        self.assertIn(f"PID {pid}", second.output.decode())
        self.assertEqual(pid_file.read_text(encoding="ascii"), pid)
        os.kill(int(pid), signal.SIGTERM)
        await self.until(lambda: not pid_file.exists())
        # What a daemon leaves behind that was killed: the pid of no process.
        pid = str(second.pid)
        pid_file.write_text(pid, encoding="ascii")
        third = self.spawn(
            (*TWISTD, f"--pidfile={pid_file}", "instantly_mcp"),
            cwd=folder,
            environ={**SANDBOX, "PYTHONPATH": str(ROOT)},
        )
        self.assertEqual(await third.ended, 0, third.output)
        self.assertNotEqual(pid_file.read_text(encoding="ascii"), pid)


class ForegroundTests(DetachedTestCase):
    """The other ways to start end with 78 as well, and leave nothing behind."""

    @deferred
    async def fails(self, command: Sequence[str]) -> None:
        """Check the end of a start with a ready file that cannot be written."""
        folder = self.folder / f"way-{len(self.pid_files)}"
        folder.mkdir()
        self.pid_files.append(folder / "twistd.pid")
        running = self.spawn(
            command,
            cwd=folder,
            environ={
                **SANDBOX,
                "PYTHONPATH": str(ROOT),
                "INSTANTLY_MCP_READY_FILE": "/nowhere/ready.json",
            },
        )
        self.assertEqual(await running.ended, 78, running.output)
        text = running.output.decode()
        told = [line for line in text.splitlines() if line.startswith("instantly-mcp:")]
        self.assertEqual(len(told), 1, text)
        self.assertIn("IMCP-READY", told[0])
        self.assertNotIn("Traceback", text)
        self.assertFalse((folder / "twistd.pid").exists())

    def test_ready_file(self):
        """A ready file that cannot be written, whichever way the daemon starts."""
        ways = (
            (*MODULE, "run"),
            (*TWISTD, "-n", "instantly_mcp"),
            (*TWISTD, "-ny", TAC),
            (sys.executable, "-m", "twisted", "instantly_mcp"),
        )
        return gatherResults(map(self.fails, ways), consumeErrors=True)

    @deferred
    async def test_tac_port_taken(self):
        """The application file leaves no pid file either when the port is taken."""
        environ = {"INSTANTLY_MCP_LISTEN": self.taken_port()}
        running, pid_file, _ = self.twistd("-ny", TAC, words=(), **environ)
        self.assertEqual(await running.ended, 78, running.output)
        self.assertFalse(pid_file.exists())


def holds(path: Path, text: bytes) -> bool:
    """Say whether a file is there and holds a text."""
    return path.exists() and text in path.read_bytes()
