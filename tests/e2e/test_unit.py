"""The files for systemd and logrotate that we ship, run as far as that goes without it.

What is tried: the rating and the syntax of the units, the daemon with the user, group,
umask, system calls and address families of the unit on sockets that are handed over,
its key files as the manual sets them up, and the rotation of its log. What needs
systemd itself is not: namespaces (Private…, Protect…), and what it does with messages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from grp import getgrgid
from pathlib import Path
from pwd import getpwuid
from typing import Any

from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.settings.loading import examine
from instantly_mcp.daemon.settings.supervisor import Supervisor
from tests.daemon.process.test_systemd_notify import systemd_at
from tests.daemon.processes import ROOT, Running
from tests.daemon.sockets.test_inherited import AS_SYSTEMD
from tests.daemon.test_stopping import UpstreamTestCase, answer
from tests.support.certificates import pem_pair
from tests.support.programs import LOGROTATE, SYSTEMD_ANALYZE, requires

DEPLOY = ROOT / "deploy"
SYSTEMD = ROOT / "instantly_mcp" / "cli" / "installation" / "systemd"
SERVICE = SYSTEMD / "instantly-mcp.service"
SOCKET = SYSTEMD / "instantly-mcp.socket"
CONFIG = SYSTEMD / "config.toml"
ROTATION = DEPLOY / "logrotate" / "instantly-mcp"
MOST_EXPOSED = 2.0
SECRET = "server-secret-0123456789"
UNPRIVILEGED_ID = 65534


def names_of(id: int) -> str:
    """Return the names of the user and the group with this id."""
    return f"{getpwuid(id).pw_name} {getgrgid(id).gr_name}"


def directives(path: Path) -> dict[str, list[str]]:
    """Return the values of each directive of a unit."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"(?m)^(\w+)=(.*)$", path.read_text("utf-8")):
        found.setdefault(name, []).append(value)
    return found


def analyze(*words: str) -> str:
    """Return what ``systemd-analyze`` says."""
    done = subprocess.run(
        [SYSTEMD_ANALYZE.path, "--no-pager", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def system_calls(*sets: str) -> set[str]:
    """Return the names of the system calls in sets of systemd, and in theirs."""
    found: set[str] = set()
    for word in re.findall(r"(?m)^    ([@\w-]+)", analyze("syscall-filter", *sets)):
        found |= system_calls(word) if word.startswith("@") else {word}
    return found


class UnitTests(SynchronousTestCase):
    """The settings of the units fit the daemon."""

    def test_stop_is_given_time(self):
        """systemd waits longer than the daemon may take to drain."""
        self.assertEqual(directives(SERVICE)["TimeoutStopSec"], ["35"])

    def test_mistakes_are_not_repeated(self):
        """A daemon that cannot run with its settings is not started again."""
        self.assertEqual(directives(SERVICE)["RestartPreventExitStatus"], ["78"])

    def test_watchdog(self):
        """The watchdog waits longer than the stall that the daemon itself reports."""
        environ = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000"}
        seconds = Supervisor.of(environ).watchdog_seconds
        self.assertEqual(directives(SERVICE)["WatchdogSec"], [f"{seconds:.0f}"])

    def test_keys_are_not_copies(self):
        """The unit uses no copies of keys, which would not change on reload."""
        known = directives(SERVICE)
        for name in ("LoadCredential", "SetCredential", "Environment", "DynamicUser"):
            self.assertNotIn(name, known)
        self.assertEqual(known["User"], known["Group"])

    def test_state_of_the_commands(self):
        """Commands outside of the unit find the unit's state with the same settings."""
        settings, _ = examine({"config": str(CONFIG)}, {})
        (name,) = directives(SERVICE)["StateDirectory"]
        self.assertEqual(settings.state_dir, Path("/var/lib") / name)

    def test_no_core_dump(self):
        """When the watchdog kills the daemon, no core dump with keys is written."""
        self.assertEqual(directives(SERVICE)["LimitCORE"], ["0"])

    def test_memory_of_callbacks(self):
        """pyOpenSSL needs memory that is written and executed: without it, no TLS."""
        self.assertNotIn("MemoryDenyWriteExecute", directives(SERVICE))

    def test_sockets_are_those_of_the_settings(self):
        """``listen`` names each socket of the unit, by its family and place."""
        settings, _ = examine({"config": str(CONFIG)}, {})
        addresses = directives(SOCKET)["ListenStream"]
        domains = ["INET6" if "[" in each else "INET" for each in addresses]
        expected = [
            f"systemd:domain={domain}:index={index}"
            for index, domain in enumerate(domains)
        ]
        self.assertEqual([*settings.listen], expected)
        self.assertEqual(addresses, ["127.0.0.1:3000", "[::1]:3000"])


@requires(SYSTEMD_ANALYZE)
class AnalyzedTests(SynchronousTestCase):
    """The verdict of systemd on the units."""

    def test_exposure(self):
        """The unit is rated 2.0 or better."""
        said = analyze("security", "--offline=true", str(SERVICE))
        (rating,) = re.findall(r"Overall exposure level .*: ([\d.]+)", said)
        self.assertLessEqual(float(rating), MOST_EXPOSED, said)

    def test_syntax(self):
        """Both units are valid; only the path of the program differs here."""
        folder = Path(self.mktemp())
        folder.mkdir()
        text = SERVICE.read_text("utf-8")
        program = "/opt/instantly-mcp/bin/instantly-mcp"
        self.assertEqual(text.count(program), 1)
        service = folder / SERVICE.name
        service.write_text(text.replace(program, sys.executable), "utf-8")
        shutil.copy(SOCKET, folder)
        paths = [str(service), str(folder / SOCKET.name)]
        self.assertEqual(analyze("verify", *paths), "")


class UnitTestCase(UpstreamTestCase):
    """Runs the daemon as the shipped unit does."""

    def setUp(self) -> None:
        """Create the two keys and the settings of the manual."""
        super().setUp()
        self.user, self.python, self.paths = self.other_user()
        # Another user cannot look into the folders of the tests.
        self.folder = self.folder_for_the_daemon()
        self.place("api-key", "first-key-0123456789")
        self.place("server-secret", SECRET)
        (self.folder / "state").mkdir(mode=0o700)
        self.give_away(self.folder / "state")
        made = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(made.close)
        self.sockets = [made]

    def folder_for_the_daemon(self) -> Path:
        """Return a folder in which the daemon may write."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o750)
        self.give_away(folder)
        return folder

    def give_away(self, path: Path) -> None:
        """Make the daemon's user the owner of a file or folder."""
        if self.user is not None:
            os.chown(path, self.user, self.user)

    def other_user(self) -> tuple[int | None, str, str]:
        """Return another user, a Python that it can run, and where our modules are.

        Without the rights for that, or such a Python, it is all as ourselves.
        """
        modules = os.pathsep.join([str(ROOT), *(each for each in sys.path if each)])
        alike = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
        for python in (sys.executable, alike):
            if os.geteuid() == 0 and self.runs_unprivileged(python, modules):
                return UNPRIVILEGED_ID, python, modules
        return None, sys.executable, str(ROOT)

    def runs_unprivileged(self, python: str, modules: str) -> bool:
        """Return whether an unprivileged user can run the daemon's modules."""
        try:
            done = subprocess.run(
                [python, "-c", "import instantly_mcp.cli.run"],
                env={"PYTHONPATH": modules, "PYTHONDONTWRITEBYTECODE": "1"},
                user=UNPRIVILEGED_ID,
                group=UNPRIVILEGED_ID,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                check=False,
            )
        except OSError:
            return False
        return done.returncode == 0

    def place(self, name: str, text: str) -> None:
        """Install a key as the manual says, with install and mv."""
        new = self.folder / f"{name}.new"
        new.touch(mode=0o640)
        new.chmod(0o640)
        if self.user is not None:
            os.chown(new, 0, self.user)
        new.write_text(f"{text}\n", "utf-8")
        new.replace(self.folder / name)

    def config(self, more: str = "") -> str:
        """Return the shipped settings, with this test's folder and sockets."""
        text = CONFIG.read_text("utf-8")
        for old, new in (
            ("/etc/instantly-mcp", str(self.folder)),
            ("/var/lib/instantly-mcp", str(self.folder / "state")),
            (', "systemd:domain=INET6:index=1"', more),
        ):
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = self.folder / "config.toml"
        path.write_text(text, "utf-8")
        path.chmod(0o644)
        return str(path)

    def run_unit(self, config: str, notify: str = "", **how: Any) -> Running:
        """Start the daemon."""
        told: dict[str, Any] = {"sockets": 1, "umask": directives(SERVICE)["UMask"][0]}
        if self.user is not None:
            told |= {"uid": self.user, "gid": self.user}
        command = ["-m", "instantly_mcp", "run", "--config", config]
        whole = [*AS_SYSTEMD, json.dumps({**told, **how}), self.python, *command]
        environ = {
            "PYTHONPATH": self.paths,
            "STATE_DIRECTORY": str(self.folder / "state"),
            "INSTANTLY_MCP_UPSTREAM": self.base,
            "NOTIFY_SOCKET": notify,
        }
        return self.spawn(
            whole, environ=environ, sockets=self.sockets, unset=["INSTANTLY_MCP_LISTEN"]
        )

    async def key_used(self, url: str) -> str:
        """Return the authorization that the upstream receives."""
        calling = self.list_campaigns(url, Authorization=f"Bearer {SECRET}")
        key = answer(await self.upstream.asked.get())
        await calling
        return key

    async def uses_new_keys(self, running: Running) -> None:
        """Check that a reload uses the next key, and that a stop succeeds."""
        (url, *_) = (await running.ready())["urls"]
        self.assertEqual(await self.key_used(url), "Bearer first-key-0123456789")
        self.place("api-key", "second-key-0123456789")
        running.send(signal.SIGHUP)
        await running.said(b"reloaded")
        self.assertEqual(await self.key_used(url), "Bearer second-key-0123456789")
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertNotIn(b"IMCP-", running.output)


class KeyTests(UnitTestCase):
    """``systemctl reload`` changes keys under the shipped unit."""

    @deferred
    async def test_keys_by_group(self):
        """A daemon that is not root reads the new key by the rights of its group."""
        await self.uses_new_keys(self.run_unit(self.config()))

    @deferred
    async def test_keys_of_others_only(self):
        """The same file without the group is refused in one line, with its reason."""
        if self.user is not None:
            os.chown(self.folder / "api-key", 0, 0)
            running = self.run_unit(self.config())
            self.assertEqual(await running.ended, 78, running.output)
            self.assertIn(b"api-key cannot be read: Permission denied", running.output)


@requires(SYSTEMD_ANALYZE)
class RestrictedTests(UnitTestCase):
    """The daemon needs no system call and no address family that the unit denies."""

    def restrictions(self) -> dict[str, Any]:
        """Return the system calls and address families that the unit allows."""
        known = directives(SERVICE)
        allowed, denied = known["SystemCallFilter"]
        calls = system_calls(*allowed.split())
        calls -= system_calls(*denied.removeprefix("~").split())
        (families,) = known["RestrictAddressFamilies"]
        self.assertGreater(len(calls), 100)
        return {"calls": sorted(calls), "families": families.split()}

    @deferred
    async def test_life(self):
        """It starts, calls Instantly, notifies systemd, reloads and stops."""
        address = f"@instantly-mcp-unit-{os.getpid()}"
        systemd = systemd_at(self, address)
        running = self.run_unit(self.config(), address, **self.restrictions())
        await self.uses_new_keys(running)
        for state in ("READY=1", "RELOADING=1", "STOPPING=1"):
            self.assertTrue(systemd.has(state), systemd.messages)

    @deferred
    async def test_tls(self):
        """It serves TLS, whose callbacks need memory that other units may deny."""
        private, public = pem_pair("mcp.example.com")
        for name, text in (("key.pem", private), ("cert.pem", public)):
            self.place(name, text.decode())
        files = f"privateKey={self.folder}/key.pem:certKey={self.folder}/cert.pem"
        more = f', "ssl:0:interface=127.0.0.1:{files}"'
        running = self.run_unit(self.config(more), "", **self.restrictions())
        _, url = (await running.ready())["urls"]
        done = getProcessOutputAndValue(
            shutil.which("curl") or "curl",
            ["-sk", url.replace("/mcp", "/ready")],
            os.environ,
        )
        out, _, status = await done
        self.assertEqual(status, 0, running.output)
        self.assertIn(b'"ready"', out)


@requires(LOGROTATE)
class RotationTests(UnitTestCase):
    """The shipped rule of logrotate rotates the log of a running daemon."""

    @deferred
    async def test_rotation(self):
        """The old log is renamed and the daemon writes a new one, and loses no line."""
        folder = self.folder_for_the_daemon()
        owner = names_of(UNPRIVILEGED_ID) if self.user is not None else ""
        config = Path(self.config())
        log = folder / "daemon.log"
        text = config.read_text("utf-8")
        config.write_text(f'{text}log_file = "{log}"\n', "utf-8")
        running = self.run_unit(str(config))
        await running.ready()
        rule = self.rule(folder, running.pid, owner)
        state = self.folder / "logrotate.state"
        command = ["--force", "--state", str(state), str(rule)]
        out, said, status = await getProcessOutputAndValue(LOGROTATE.path, command)
        self.assertEqual(status, 0, (out, said))
        await self.until(log.exists)
        await self.until(lambda: b"opened the log file again" in log.read_bytes())
        self.assertIn(b"listening on", (folder / "daemon.log.1").read_bytes())

    def rule(self, folder: Path, pid: int, owner: str) -> Path:
        """Return the shipped rule, for this log and this process."""
        text = ROTATION.read_text("utf-8")
        for old, new in (
            ("/var/log/instantly-mcp/*.log {", f"{folder}/*.log {{"),
            (
                "systemctl kill -s USR1 instantly-mcp.service",
                f"kill -USR1 {pid}",
            ),
            ("su instantly-mcp instantly-mcp", f"su {owner}" if owner else ""),
        ):
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = self.folder / "rule"
        path.write_text(text, "utf-8")
        path.chmod(0o644)
        return path
