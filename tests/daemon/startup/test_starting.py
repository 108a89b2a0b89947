"""Real daemons, started in every way and stopped."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sys

from twisted.internet.defer import Deferred

from instantly_mcp._deferred import deferred
from tests.support.tool_counts import DEFAULT_TOOLS

from ..processes import (
    MODULE,
    ROOT,
    TWISTD,
    ProcessTestCase,
    Running,
    agent_over,
    in_checkout,
)


class WaysToStartTests(ProcessTestCase):
    """From a bare checkout: four ways to start, one daemon."""

    async def serves(self, running: Running) -> None:
        """Check that it lists and calls tools, and ends with SIGTERM and success."""
        record = await running.ready()
        (url,) = record["urls"]
        listed = await self.call(url, "tools/list")
        self.assertEqual(len(listed["result"]["tools"]), DEFAULT_TOOLS)
        params = {"name": "list_campaigns", "arguments": {}}
        called = await self.call(url, "tools/call", params)
        self.assertFalse(called["result"].get("isError"))
        self.assertEqual(record["pid"], running.pid)
        self.assertEqual(record["mode"], "sandbox")
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertFalse(running.ready_file.exists())

    def start(self, *command: str, **environ: str) -> Deferred[None]:
        """Start a command with the sandbox; check that it serves."""
        running = self.spawn(command, environ=environ)
        return Deferred.fromCoroutine(self.serves(running))

    def test_without_standard_files(self):
        """It starts with standard output and error closed, as some supervisors do."""
        bare = ("/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
        return self.start(*bare, *MODULE, "--sandbox")

    def test_module(self):
        """``python -m instantly_mcp`` serves."""
        return self.start(*MODULE, "--sandbox")

    def test_module_run(self):
        """``python -m instantly_mcp run``, which is ``instantly-mcp run``, serves."""
        return self.start(*MODULE, "run", "--sandbox")

    def test_twistd_plugin(self):
        """``twistd -n instantly_mcp`` serves."""
        return self.start(*TWISTD, "-n", "--pidfile=", "instantly_mcp", "--sandbox")

    def test_twist_plugin(self):
        """``python -m twisted instantly_mcp`` serves."""
        return self.start(sys.executable, "-m", "twisted", "instantly_mcp", "--sandbox")

    def test_tac(self):
        """``twistd -ny instantly.tac`` serves, from the environment alone."""
        tac = str(ROOT / "instantly.tac")
        return self.start(
            *TWISTD, "-n", "--pidfile=", "-y", tac, INSTANTLY_MCP_SANDBOX="true"
        )


class BannerTests(ProcessTestCase):
    """The output on a terminal."""

    @deferred
    async def test_block(self):
        """The block names the endpoint, the command to paste, and the sandbox."""
        running = self.spawn([*MODULE, "--sandbox"])
        record = await running.ready()
        await running.said(b"listening on")
        text = running.output.decode()
        add = f"claude mcp add --transport http instantly {record['urls'][0]}"
        self.assertIn(add, text)
        self.assertIn("nothing leaves this machine", text)
        self.assertIn("curl -s http://127.0.0.1", text)

    @deferred
    async def test_json_codec(self):
        """With JSON logs every line of output is a JSON object."""
        running = self.spawn([*MODULE, "--sandbox", "--log-format", "json"])
        record = await running.ready()
        await self.get(record["urls"][0].replace("/mcp", "/health"))
        running.send(signal.SIGTERM)
        await running.ended
        lines = [json.loads(line) for line in running.output.splitlines()]
        self.assertIn("draining", {line["message"] for line in lines})


class RefusalTests(ProcessTestCase):
    """A daemon that cannot start says so in one line a mistake, and ends with 78."""

    def taken_port(self) -> int:
        """Return a port that another socket listens on."""
        other = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(other.close)
        port: int = other.getsockname()[1]
        return port

    async def refusal(self, running: Running) -> list[str]:
        """Return the errors that a command reports before it ends with 78.

        Not its warnings: one says that the path of the state directory is long, as it
        is here.
        """
        status = await running.ended
        self.assertEqual(status, 78, running.output)
        text = running.output.decode()
        self.assertNotIn("Traceback", text)
        lines = [line for line in text.splitlines() if "IMCP-" in line]
        return [line for line in lines if ": warning: " not in line]

    @deferred
    async def test_port_taken(self):
        """A taken port is one line and status 78, in every way to start."""
        port = self.taken_port()
        listen = {"INSTANTLY_MCP_LISTEN": f"tcp:{port}:interface=127.0.0.1"}
        pid_file = self.folder / "twistd.pid"
        for command in (
            [*MODULE, "--sandbox"],
            [*TWISTD, "-n", f"--pidfile={pid_file}", "instantly_mcp", "--sandbox"],
            [sys.executable, "-m", "twisted", "instantly_mcp", "--sandbox"],
        ):
            (line,) = await self.refusal(self.spawn(command, environ=listen))
            self.assertIn(
                f"127.0.0.1:{port} is already in use (pid {os.getpid()},", line
            )
        self.assertFalse(pid_file.exists())

    @deferred
    async def test_port_retries(self):
        """With retries a later port is taken, and the ready file says which."""
        port = self.taken_port()
        listen = f"tcp:{port}:interface=127.0.0.1"
        running = self.spawn(
            [*MODULE, "--sandbox", "--listen", listen, "--port-retries", "50"]
        )
        record = await running.ready()
        bound = int(record["urls"][0].split(":")[2].split("/")[0])
        self.assertGreater(bound, port)
        health = json.loads(await self.get(f"http://127.0.0.1:{bound}/health"))
        self.assertEqual(health["port"], bound)

    @deferred
    async def test_mistakes(self):
        """Every mistake in the settings is a line of its own."""
        options = ["--rate-limit", "x", "--max-body", "y"]
        for command in (
            [*MODULE, *options],
            [*TWISTD, "-n", "--pidfile=", "instantly_mcp", *options],
        ):
            lines = await self.refusal(self.spawn(command))
            self.assertEqual(len(lines), 2)

    @deferred
    async def test_open_relay(self):
        """An operator's key is not available to a whole network."""
        environ = {"INSTANTLY_API_KEY": "0123456789abcdef"}
        running = self.spawn([*MODULE, "--listen", "tcp:0"], environ=environ)
        (line,) = await self.refusal(running)
        self.assertIn("IMCP-OPEN", line)

    @deferred
    async def test_open_relay_behind_a_proxy(self):
        """Nor is it behind a proxy, which `check` reports as the start does."""
        environ = {"INSTANTLY_API_KEY": "0123456789abcdef"}
        options = ("--public-url=https://mcp.example.com", "--trusted-proxy=127.0.0.1")
        for command in (
            [*MODULE, *options],
            [*MODULE, "check", *options],
            [*TWISTD, "-n", "--pidfile=", "instantly_mcp", *options],
        ):
            (line,) = await self.refusal(self.spawn(command, environ=environ))
            self.assertIn("IMCP-OPEN", line)
            self.assertIn("public_url", line)

    @deferred
    async def test_unusable_files(self):
        """A state folder, seal keys or a log file that cannot be used is one line."""
        (self.folder / "file").write_text("no key\n", encoding="utf-8")
        (self.folder / "file").chmod(0o600)
        for option, code in (
            ("--state-dir", "IMCP-STATE"),
            ("--seal-key-file", "IMCP-STATE"),
            ("--log-file", "IMCP-LOG"),
        ):
            name = self.folder / "file"
            if option == "--log-file":
                name = name / "below"
            command = [*MODULE, "--sandbox", option, str(name)]
            (line,) = await self.refusal(self.spawn(command))
            self.assertIn(code, line)

    @deferred
    async def test_unwritable_ready_file(self):
        """A ready file that cannot be written ends the daemon again."""
        environ = {"INSTANTLY_MCP_READY_FILE": "/nowhere/at/all.json"}
        running = self.spawn([*MODULE, "--sandbox"], environ=environ)
        (line,) = await self.refusal(running)
        self.assertIn("IMCP-READY", line)


class Ipv6Tests(ProcessTestCase):
    """What ``localhost`` means differs between clients."""

    @deferred
    async def test_default_listens_on_both(self):
        """The default answers on 127.0.0.1 and, where there is IPv6, on ::1."""
        environ = {"INSTANTLY_MCP_LISTEN": ""}
        running = self.spawn(
            [*MODULE, "--sandbox", "--port-retries", "500"], environ=environ
        )
        record = await running.ready()
        wanted = 2 if _has_ipv6() else 1
        self.assertEqual(len(record["urls"]), wanted)
        for url in record["urls"]:
            listed = await self.call(url, "tools/list")
            self.assertIn("tools", listed["result"])


class UnixSocketTests(ProcessTestCase):
    """Any Twisted endpoint string works."""

    @deferred
    async def test_unix_socket(self):
        """The daemon answers on a UNIX socket."""
        path = self.folder / "s"
        running = self.spawn(
            [*MODULE, "--sandbox", "--listen", f"unix:{in_checkout(path)}"]
        )
        await running.ready()
        self.agent = agent_over(path)
        self.assertIn(b"pong", await self.get("http://localhost/ping"))


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        return error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True
