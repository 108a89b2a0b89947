"""Signals that arrive before the daemon serves, and after it has served."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.process.early_signals import MEANT_FOR_A_DAEMON

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

SIGNAL_AFTER_THE_REACTOR = """
import os, signal, sys, types
from twisted.internet import reactor

number = int(sys.argv.pop(1))
ready_file = sys.argv.pop(1)

def stop_when_ready():
    if os.path.exists(ready_file):
        os.kill(os.getpid(), signal.SIGTERM)
    else:
        reactor.callLater(0.01, stop_when_ready)

class Sender:
    # Modules are torn down after Python has removed its signal handlers.
    def __del__(self, kill=os.kill, process=os.getpid(), number=number):
        kill(process, number)

keeper = sys.modules["keeper"] = types.ModuleType("keeper")
keeper.sender = Sender()
reactor.callWhenRunning(stop_when_ready)
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


class SignalTestCase(SynchronousTestCase):
    """A program that sends a signal to itself."""

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


class EarlySignalTests(SignalTestCase):
    """While the process still imports modules."""

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


class LateSignalTests(SignalTestCase):
    """While Python ends the process."""

    def assert_ends_well(self, run: str, *arguments: str) -> None:
        """Check that the program ends with status 0 whatever signal it gets."""
        program = SIGNAL_AFTER_THE_REACTOR.format(run=run)
        for number in MEANT_FOR_A_DAEMON:
            ready = str(Path(self.mktemp()).absolute())
            ended = self.run_with(
                number, program, ready, *arguments, f"--ready-file={ready}"
            )
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertIn(b"serves MCP", ended.stdout + ended.stderr)

    def test_after_serving(self) -> None:
        """The rotation of a log does not turn a clean end into a failure."""
        run = "from instantly_mcp.cli import main; main()"
        self.assert_ends_well(run, "run", "--sandbox", "--port=0")

    def test_after_serving_under_twistd(self) -> None:
        """The same under twistd."""
        run = "from twisted.scripts.twistd import run; run()"
        options = ("-n", "--pidfile=", "instantly_mcp", "--sandbox", "--port=0")
        self.assert_ends_well(run, *options)
