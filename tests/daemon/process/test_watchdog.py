"""A blocked reactor is reported, and nothing else is."""

from __future__ import annotations

import json
import sys
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.process.watchdog import StallDetector, stack_of_main_thread

from ..processes import ProcessTestCase

LINE = 'File "work.py", line 1, in work'


class Machine:
    """The clocks of a process."""

    now = 0.0
    computed = 0.0
    looks = 0

    def stack(self) -> str:
        """Return the stack of the main thread."""
        self.looks += 1
        return LINE


class WatchTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Collect what is logged."""
        self.begin()
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def begin(self) -> None:
        """Have a process that just started."""
        self.machine = Machine()
        self.detector = StallDetector(
            now=lambda: self.machine.now,
            computed=lambda: self.machine.computed,
            stack=self.machine.stack,
        )

    def lines(self) -> list[str]:
        """Return what was logged."""
        return [formatEvent(event) for event in self.events]

    def passes(self, seconds: float, computed: float = 0.0) -> None:
        """Let time pass in which neither thread runs."""
        self.machine.now += seconds
        self.machine.computed += computed

    def runs(self, seconds: int) -> None:
        """Let both threads run."""
        for _ in range(seconds):
            self.passes(0.5, 0.4)
            self.detector.check()
            self.passes(0.5, 0.4)
            self.detector.check()
            self.detector.beat()

    def blocks(self, seconds: int) -> None:
        """Block the main thread only."""
        for _ in range(2 * seconds):
            self.passes(0.5)
            self.detector.check()

    def test_nothing(self):
        """A reactor that runs is not reported, however busy it is."""
        self.runs(100)
        self.assertEqual((self.lines(), self.detector.count), ([], 0))

    def test_blocked(self):
        """A blocked reactor is one line with the stack, and one at its end."""
        self.runs(3)
        self.blocks(10)
        self.detector.beat()
        self.runs(3)
        first, second = self.lines()
        self.assertIn("no heartbeat for 2.5 s", first)
        self.assertIn(LINE, first)
        self.assertIn("again after 10.0 s", second)
        self.assertEqual((self.detector.count, self.detector.seconds), (1, 10.0))
        self.assertEqual(self.machine.looks, 1)

    def test_twice(self):
        """Each block is reported separately."""
        for _ in range(2):
            self.blocks(3)
            self.detector.beat()
        self.assertEqual(len(self.lines()), 4)
        self.assertEqual((self.detector.count, self.detector.seconds), (2, 6.0))

    def test_short(self):
        """A block below the limit is not reported."""
        self.blocks(2)
        self.detector.beat()
        self.assertEqual(self.lines(), [])

    def test_stopped(self):
        """A process that was stopped, or a machine that slept, is not blocked."""
        for first, second in (
            (self.detector.check, self.detector.beat),
            (self.detector.beat, self.detector.check),
        ):
            self.passes(3600.0)
            first()
            second()
            self.runs(5)
        self.assertEqual((self.lines(), self.detector.count), ([], 0))

    def test_stopped_while_blocked(self):
        """Time in which the process was stopped does not count as blocked."""
        self.blocks(1)
        self.passes(100.0)
        self.detector.check()
        self.blocks(1)
        self.assertEqual(self.lines(), [])
        self.blocks(2)
        self.assertEqual(len(self.lines()), 1)

    def test_one_long_call(self):
        """A call in which no other thread could run is noticed by its CPU time."""
        self.passes(3.0, 2.9)
        self.detector.beat()
        self.detector.check()
        (line,) = self.lines()
        self.assertIn("was blocked for 3.0 s inside one call", line)
        self.assertEqual(self.detector.count, 1)

    def test_one_long_call_seen_at_its_end(self):
        """If the watchdog runs first after such a call, it shows the stack."""
        self.passes(3.0, 2.9)
        self.detector.check()
        self.detector.beat()
        first, second = self.lines()
        self.assertIn(LINE, first)
        self.assertIn("again after 3.0 s", second)
        self.assertEqual(self.detector.count, 1)

    @given(st.lists(st.tuples(st.sampled_from("bls"), st.floats(0.0, 5.0))))
    def test_one_end_for_each_beginning(self, steps):
        """In any order of the two threads, each report has exactly one end."""
        self.begin()
        del self.events[:]
        for what, seconds in steps:
            self.passes(seconds, seconds if what == "s" else 0.0)
            (self.detector.beat if what == "b" else self.detector.check)()
        self.detector.beat()
        lines = self.lines()
        began = sum("is blocked" in line for line in lines)
        ended = sum("runs again" in line for line in lines)
        alone = sum("was blocked" in line for line in lines)
        self.assertEqual(began, ended)
        self.assertEqual(ended + alone, self.detector.count)

    def test_stack(self):
        """The stack is that of the main thread, without a value."""
        secret = "canary-" + "value"
        stack = stack_of_main_thread()
        self.assertIn("test_stack", stack)
        self.assertNotIn(secret, stack)


BLOCKS = """
import sys, time
from twisted.internet import reactor
from instantly_mcp.cli import main

def block_the_reactor():
    time.sleep(4)  # canary-operator-0123456789+/== in POST /mcp/canary-path-key-1

reactor.callWhenRunning(lambda: reactor.callLater(0, block_the_reactor))
sys.argv = ["instantly-mcp", "run", "--log-format=json", *sys.argv[1:]]
main()
"""


class RealDaemonTests(ProcessTestCase):
    @deferred
    async def test_blocked(self):
        """A real daemon logs where it is blocked, and when it goes on.

        A key in the stack is cut out, as in every line.
        """
        program = self.folder / "blocks.py"
        program.write_text(BLOCKS, encoding="utf-8")
        log = self.folder / "log"
        running = self.spawn(
            [sys.executable, str(program), f"--log-file={log}"],
            environ={"INSTANTLY_API_KEY": "canary-operator-0123456789+/=="},
        )
        await running.ready()
        await self.until(lambda: b"The reactor runs again" in log.read_bytes())
        records = [json.loads(line) for line in log.read_bytes().splitlines()]
        stacks = [each["stack"] for each in records if "stack" in each]
        self.assertEqual(len(stacks), 1)
        self.assertIn("in block_the_reactor", stacks[0])
        self.assertIn("time.sleep(4)  # [redacted] in POST /mcp/[redacted]", stacks[0])
        self.assertNotIn(b"canary", log.read_bytes())
