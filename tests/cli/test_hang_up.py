"""Signals that arrive while the process still imports modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.startup.early_signals import MEANT_FOR_A_DAEMON

SIGNALS_WHILE_IMPORTING = """
import os, signal, sys

number = int(sys.argv.pop(1))
signal.signal(number, signal.SIG_DFL)

class Sender:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), number)

sys.meta_path.insert(0, Sender())
{run}
"""

COMMAND = SIGNALS_WHILE_IMPORTING.format(
    module="instantly_mcp.cli.command",
    run="from instantly_mcp.cli import main; main()",
)
PLUGIN = SIGNALS_WHILE_IMPORTING.format(
    module="instantly_mcp.daemon.assembly",
    run="from twisted.scripts.twistd import run; run()",
)


class EarlySignalTests(SynchronousTestCase):
    def run_with(
        self, number: int, program: str, *arguments: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program that gets a signal while it imports."""
        return subprocess.run(
            [sys.executable, "-c", program, str(int(number)), *arguments],
            capture_output=True,
            check=False,
            cwd=Path(__file__).parent.parent.parent,
        )

    def test_while_starting(self) -> None:
        """SIGHUP and SIGUSR1 do not end a process that is still starting."""
        for number in MEANT_FOR_A_DAEMON:
            ended = self.run_with(number, COMMAND, "--version")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertIn(b"instantly-mcp", ended.stdout)

    def test_under_twistd(self) -> None:
        """The same under twistd: the process ends only with the error in a setting."""
        arguments = ("-n", "--pidfile=", "instantly_mcp", "--rate-limit=x")
        for number in MEANT_FOR_A_DAEMON:
            ended = self.run_with(number, PLUGIN, *arguments)
            self.assertEqual(ended.returncode, 78, ended.stderr)
            self.assertIn(b"IMCP-SETTING", ended.stderr)
