"""A reader such as ``head`` that leaves before all is written."""

from __future__ import annotations

import os
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.daemon.processes import ROOT


class ClosedPipeTests(SynchronousTestCase):
    """What a command writes may be read in part."""

    def test_commands_that_print(self):
        """A command whose output is not read ends quietly, with status 0."""
        for words in (
            [],
            ["--help"],
            ["run", "--help"],
            ["--version"],
            ["snippet", "curl"],
        ):
            reader, writer = os.pipe()
            os.close(reader)
            try:
                done = subprocess.run(
                    [sys.executable, "-m", "instantly_mcp", *words],
                    cwd=ROOT,
                    env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                    stdout=writer,
                    stderr=subprocess.PIPE,
                    check=False,
                )
            finally:
                os.close(writer)
            self.assertEqual((done.returncode, done.stderr), (0, b""), words)
