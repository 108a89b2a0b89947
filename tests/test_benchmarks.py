"""The benchmarks run and print their tables; the figures are not checked."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from benchmarks.load import whole_length
from benchmarks.messages import CALL, KEYS, QUESTIONS, asked_by_all, campaigns_page
from instantly_mcp._json_codec import loads

ROOT = Path(__file__).parent.parent
FEW = (
    *("--requests=4", "--rounds=1", "--held=2", "--counter=none", "--connections=2"),
    *("--crowd=4", "--mixed=40"),
)


class Bench(ProcessProtocol):
    """A run of the benchmarks, and its output."""

    def __init__(self) -> None:
        self.output = b""
        self.ended: Deferred[int | None] = Deferred()

    def outReceived(self, data: bytes) -> None:
        """Store the output."""
        self.output += data

    errReceived = outReceived

    def processEnded(self, reason: Failure) -> None:
        """Report the exit status."""
        self.ended.callback(reason.value.exitCode)  # type: ignore[union-attr]


class WholeRunTests(TestCase):
    async def test_tables(self):
        """A small run compares every request and measures memory."""
        bench = Bench()
        command = [sys.executable, "-m", "benchmarks", *FEW]
        reactor.spawnProcess(bench, command[0], command, env=os.environ, path=str(ROOT))
        status = await bench.ended
        printed = bench.output.decode()
        self.assertEqual(status, 0, printed)
        for question in QUESTIONS:
            row = rf"(?m)^{re.escape(question.label)} +2( +[\d.]+){{8}}"
            self.assertRegex(printed, row)
        for words in ("calls at once", "Memory after start", "idle event stream"):
            self.assertIn(words, printed)
        self.assertRegex(printed, r"(?m)^ +40 +[\d.]+ +\d+ +\d+$")


class MessageTests(SynchronousTestCase):
    def test_page(self):
        """The page of the upstream is valid, and as large as the figures assume."""
        page = campaigns_page()
        self.assertEqual(len(loads(page)["items"]), 10)
        self.assertTrue(6000 < len(page) < 7000, len(page))

    def test_every_caller(self):
        """Every caller has its own key and session."""
        sessions = [f"session-{number}" for number in range(len(KEYS))]
        texts = asked_by_all("/mcp", CALL, sessions)
        self.assertEqual(len(set(texts)), len(KEYS))
        self.assertIn(KEYS[3].encode(), texts[3])
        self.assertIn(b"session-3\r\n", texts[3])

    def test_framing(self):
        """The end of a response is found by its length, which a chunked one lacks."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 2"
        whole = head + b"\r\n\r\n{}"
        self.assertEqual(whole_length(whole, len(head)), len(whole))
        self.assertEqual(whole_length(b"HTTP/1.1 200 OK\r\n\r\n", 15), 0)
        self.assertEqual(whole_length(b"HTTP/1.1 204 No Content\r\n\r\n", 23), 27)
