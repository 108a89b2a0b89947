"""What ``check`` prints, and its exit status."""

from __future__ import annotations

import contextlib
import io
import json

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.cli.check import conclude, describe
from instantly_mcp.daemon.self_check.findings import Findings
from instantly_mcp.daemon.settings.loading import examine, resolve
from tests.daemon.processes import MODULE, ProcessTestCase
from tests.support.certificates import issue


class DescribeTests(SynchronousTestCase):
    def test_defaults(self):
        """A default is shown as in the manual, and marked as a default."""
        lines = list(describe(resolve({}, {"HOME": "/home/me"})))
        self.assertIn("max_body = 10MiB  (default)", lines)
        self.assertIn("log_file = standard error  (default)", lines)
        self.assertIn(
            "state_dir = /home/me/.local/state/instantly-mcp  (default)", lines
        )
        self.assertIn("::1  (default)", lines[0])

    def test_values(self):
        """A value that was set is shown as it was parsed, with its origin."""
        settings = resolve({"max_body": "2MiB"}, {"INSTANTLY_MCP_SANDBOX": "yes"})
        lines = list(describe(settings))
        self.assertIn("max_body = 2097152  (--max-body)", lines)
        self.assertIn("sandbox = true  (INSTANTLY_MCP_SANDBOX)", lines)

    def test_unknown(self):
        """A setting that could not be read is not shown with its default."""
        given = {"rate_limit": "many", "config": "/nowhere.toml"}
        settings, _ = examine(given, {"INSTANTLY_MCP_SANDBOX": "yes"})
        lines = list(describe(settings))
        self.assertIn("rate_limit is not known  (--rate-limit cannot be used)", lines)
        self.assertIn("max_body is not known  (/nowhere.toml cannot be used)", lines)
        self.assertIn("api_key is not known  (/nowhere.toml cannot be used)", lines)
        self.assertEqual(
            [line for line in lines if "not known" not in line],
            [
                "sandbox = true  (INSTANTLY_MCP_SANDBOX)",
                "config = /nowhere.toml  (--config)",
            ],
        )


class ConcludeTests(SynchronousTestCase):
    def conclude(self, **found: str) -> tuple[int, str]:
        """Return the exit status and the output for some findings."""
        findings = Findings()
        for kind, line in found.items():
            getattr(findings, kind).append(line)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = conclude(findings)
        return status, out.getvalue()

    def test_status(self):
        """The status is 78 for mistakes, 69 for a failing upstream, otherwise 0."""
        for found, status in (
            ({}, 0),
            ({"warnings": "w"}, 0),
            ({"failures": "f"}, 69),
            ({"errors": "m", "failures": "f"}, 78),
        ):
            said, text = self.conclude(fine="good", **found)
            self.assertEqual(said, status)
            self.assertIn("ok: good", text)
            self.assertEqual("would start" in text, status == 0)

    def test_port_in_use(self):
        """If a port is in use, the last line says that it must be free first."""
        _, text = self.conclude(warnings="IMCP-BIND 127.0.0.1:3000 is already in use")
        self.assertIn("would start with these settings once the port", text)
        _, text = self.conclude(warnings="IMCP-PERM key is readable by every user")
        self.assertIn("would start with these settings.", text)


class ProcessTests(ProcessTestCase):
    @deferred
    async def test_probe(self):
        """``--probe`` calls the upstream with the key, and reports the result."""
        upstream = self.spawn(
            [
                *(*MODULE, "sandbox", "--port", "0"),
                *("--ready-file", str(self.folder / "upstream.json")),
            ]
        )
        upstream.ready_file = self.folder / "upstream.json"
        (url,) = (await upstream.ready())["urls"]
        for key, status, words in (
            ("sandbox-0123456789", 0, "Instantly accepts the key: workspace"),
            ("some-other-0123456789", 69, "IMCP-KEY Instantly rejected the API key"),
        ):
            environ = {"INSTANTLY_API_KEY": key, "INSTANTLY_MCP_UPSTREAM": url}
            running = self.spawn([*MODULE, "check", "--probe"], environ=environ)
            self.assertEqual(await running.ended, status, running.output)
            self.assertIn(words, running.output.decode())
            self.assertIn(f"upstream {url} answers (401)", running.output.decode())

    @deferred
    async def test_running_daemon(self):
        """While the daemon runs, ``check`` warns about its port, and succeeds."""
        daemon = self.spawn([*MODULE, "--sandbox"])
        (url,) = (await daemon.ready())["urls"]
        port = url.split(":")[2].split("/")[0]
        listen = {"INSTANTLY_MCP_LISTEN": f"tcp:{port}:interface=127.0.0.1"}
        before = json.dumps(sorted(path.name for path in self.folder.rglob("*")))
        running = self.spawn([*MODULE, "check"], environ=listen)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertIn(f"127.0.0.1:{port} is already in use", running.output.decode())
        after = json.dumps(sorted(path.name for path in self.folder.rglob("*")))
        self.assertEqual(before, after)

    @deferred
    async def test_what_is_wrong(self):
        """What would prevent the daemon or its clients from working is named, and the
        exit status is 78.
        """
        expired = issue(days=-1)
        (self.folder / "key.pem").write_bytes(expired.key_pem)
        (self.folder / "cert.pem").write_bytes(expired.pem)
        (self.folder / "broken.toml").write_text("rate_limit =", encoding="ascii")
        files = f"privateKey={self.folder}/key.pem:certKey={self.folder}/cert.pem"
        for words, said in (
            (["--listen", f"ssl:0:{files}:interface=127.0.0.1"], "IMCP-TLS"),
            (["--state-dir", "/proc/instantly-mcp"], "IMCP-STATE /proc/instantly-mcp"),
            (["--listen", "127.0.0.1:3000"], "write tcp:3000:interface=127.0.0.1"),
            (["--config", f"{self.folder}/broken.toml"], "is not TOML"),
        ):
            running = self.spawn([*MODULE, "check", "--sandbox", *words])
            self.assertEqual(await running.ended, 78, running.output)
            text = running.output.decode()
            self.assertIn(said, text)
            self.assertNotIn("would start", text)
            self.assertNotIn("Traceback", text)

    @deferred
    async def test_misspelled_variable(self):
        """A misspelled variable is reported with the right spelling."""
        running = self.spawn(
            [*MODULE, "check", "--sandbox"], environ={"INSTANTLY_MCP_LISTENN": "x"}
        )
        self.assertEqual(await running.ended, 0, running.output)
        self.assertIn(b"did you mean INSTANTLY_MCP_LISTEN?", running.output)
