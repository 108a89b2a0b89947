"""A hang-up signal while the command still imports what it needs."""

from __future__ import annotations

import signal
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

HANGS_UP_WHILE_IMPORTING = """
import os, signal, sys

signal.signal(signal.SIGHUP, signal.SIG_DFL)

class HangUp:
    def find_spec(self, name, path=None, target=None):
        if name == "instantly_mcp.cli.command":
            os.kill(os.getpid(), signal.SIGHUP)

sys.meta_path.insert(0, HangUp())
sys.argv = ["instantly-mcp", "--version"]
from instantly_mcp.cli import main
main()
"""


class HangUpTests(SynchronousTestCase):
    def test_while_starting(self) -> None:
        """A SIGHUP before anybody listens for it does not end the process."""
        ended = subprocess.run(
            [sys.executable, "-c", HANGS_UP_WHILE_IMPORTING],
            capture_output=True,
            check=False,
        )
        self.assertNotEqual(ended.returncode, -signal.SIGHUP)
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))
        self.assertIn(b"instantly-mcp", ended.stdout)
