"""A reader such as ``head`` that closes the pipe early."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

from twisted.trial.unittest import SynchronousTestCase

from tests.daemon.processes import ROOT


def run(
    words: Sequence[str], out: int | IO[bytes]
) -> subprocess.CompletedProcess[bytes]:
    """Run the command with another standard output."""
    return subprocess.run(
        [sys.executable, "-m", "instantly_mcp", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=out,
        stderr=subprocess.PIPE,
        check=False,
    )


class ClosedPipeTests(SynchronousTestCase):
    """The output of a command may be read in part."""

    def test_commands_that_print(self):
        """A command whose output is not read ends with status 0 and no error."""
        for words in (
            [],
            ["--help"],
            ["run", "--help"],
            ["--version"],
            ["snippet"],
        ):
            reader, writer = os.pipe()
            os.close(reader)
            try:
                done = run(words, writer)
            finally:
                os.close(writer)
            self.assertEqual((done.returncode, done.stderr), (0, b""), words)

    def test_full_disk(self):
        """When the answer cannot be printed, it says that the command is done."""
        state = os.path.abspath(self.mktemp())
        words = ["token", "add", "--name", "ada", "--state-dir", state]
        with open("/dev/full", "wb") as full:
            done = run(words, full)
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertIn(b"the command is done, but its answer is lost", done.stderr)
        self.assertNotIn(b"Traceback", done.stderr)
