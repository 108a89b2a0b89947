"""What a command imports: only what it needs, because importing is most of its time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import DEVNULL, run

from twisted.trial.unittest import SynchronousTestCase

WEB = {"klein", "werkzeug", "treq", "prometheus_client", "jsonschema_rs"}
TLS = {"OpenSSL", "cryptography", "service_identity"}
REACTOR = {"twisted.internet.reactor", "twisted.internet.endpoints", "twisted.web"}
SERVER = {
    f"instantly_mcp.{name}"
    for name in ("web", "sandbox", "features.build", "protocol.server", "daemon.mcp")
}
ALL_OF_A_SERVER = WEB | TLS | REACTOR | SERVER

PROGRAM = """
import json, sys
from instantly_mcp.cli.command import run_command
try:
    run_command(sys.argv[2:])
except SystemExit:
    pass
with open(sys.argv[1], "w") as file:
    json.dump(sorted(sys.modules), file)
"""


class ImportTests(SynchronousTestCase):
    """Which modules a process has when its command is done."""

    def modules_after(self, *words: str) -> set[str]:
        """Run a command in a process of its own; return the modules it imported."""
        folder = Path(self.mktemp())
        folder.mkdir()
        listed = (folder / "modules.json").absolute()
        done = run(
            [sys.executable, "-c", PROGRAM, str(listed), *words],
            stdin=DEVNULL,
            capture_output=True,
            cwd=Path(__file__).parents[2],
            env={"HOME": str(folder), "PATH": ""},
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return set(json.loads(listed.read_text()))

    def check(self, unneeded: set[str], *words: str) -> None:
        """Fail with what the command imported although it does not need it."""
        imported = self.modules_after(*words) & unneeded
        self.assertEqual(imported, set(), f"{' '.join(words)} imports these")

    def test_without_a_server(self):
        """Commands without a reactor import none, no TLS, and nothing of a server."""
        out = str(Path(self.mktemp()).absolute())
        for words in (
            ("--help",),
            ("--version",),
            ("wait", "--url", "http://127.0.0.1:9", "--timeout", "0"),
            ("snippet", "claude-code"),
            ("bundle", "--out", out),
        ):
            self.check(ALL_OF_A_SERVER, *words)

    def test_administration(self):
        """A command of administration reaches the daemon without a web server."""
        for words in (("token", "--help"), ("approvals", "--help")):
            self.check(WEB | SERVER, *words)

    def test_bridge(self):
        """A bridge imports nothing of a server of its own."""
        words = ("stdio", "--url", "http://127.0.0.1:9/mcp")
        self.check(WEB | SERVER, *words)

    def test_server(self):
        """The modules that these tests look for exist: a server has them."""
        missing = (WEB | SERVER) - self.modules_after("run", "--help")
        self.assertEqual(missing, set())
