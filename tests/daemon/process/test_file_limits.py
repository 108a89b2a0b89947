"""The limit of open files: how far it is raised, and what happens if it is too low."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.process.file_limits import (
    RESERVED_FILES,
    current_limits,
    needed_limits,
    servable_connections,
    within_limits,
)
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.settings.settings import Settings

from ..processes import MODULE, ProcessTestCase

UNLIMITED = resource.RLIM_INFINITY
NUMBERS = st.integers(1, 1_000_000)


def asking(connections: int) -> Settings:
    """Return settings with so many connections."""
    return resolve({"max_connections": str(connections)}, {})


class WantedTests(SynchronousTestCase):
    """How far the soft limit is raised."""

    def test_enough(self):
        """A limit with room for everything is left alone."""
        for limits in ((1000 + RESERVED_FILES, 10_000), (UNLIMITED, UNLIMITED)):
            self.assertEqual(needed_limits(1000, limits), limits)

    def test_raised_as_far_as_needed(self):
        """A low soft limit is raised to what is needed, and no further."""
        for hard in (20_000, UNLIMITED):
            self.assertEqual(
                needed_limits(1000, (256, hard)), (1000 + RESERVED_FILES, hard)
            )

    def test_raised_as_far_as_possible(self):
        """The soft limit is not raised above the hard limit."""
        self.assertEqual(needed_limits(1000, (256, 1024)), (1024, 1024))

    @given(NUMBERS, NUMBERS, NUMBERS)
    def test_bounds(self, connections: int, soft: int, more: int) -> None:
        """The soft limit is never lowered, the hard one never changed."""
        found = needed_limits(connections, (soft, soft + more))
        self.assertTrue(soft <= found[0] <= found[1] == soft + more)


class ServableTests(SynchronousTestCase):
    """How many connections fit."""

    def test_all(self):
        """With enough files, all connections of the settings are served."""
        for soft in (1000 + RESERVED_FILES, UNLIMITED):
            self.assertEqual(servable_connections(1000, soft), 1000)

    def test_what_is_left(self):
        """Otherwise the files that other parts do not need are for connections."""
        self.assertEqual(servable_connections(5000, 2000), 2000 - RESERVED_FILES)

    @given(NUMBERS, NUMBERS)
    def test_bounds(self, connections: int, soft: int) -> None:
        """At least one, at most as many as the settings say, never all the files."""
        found = servable_connections(connections, soft)
        self.assertTrue(1 <= found <= connections)
        self.assertTrue(found < soft or soft == 1)


class WithinLimitsTests(SynchronousTestCase):
    """What is reported to the operator."""

    def test_room(self):
        """If the hard limit suffices the settings are not changed."""
        settings = asking(5000)
        self.assertIs(within_limits(settings, (1024, 20_000)), settings)

    def test_no_room(self):
        """If it does not, fewer connections are served, and one line says so."""
        settings = within_limits(asking(5000), (1024, 4096))
        self.assertEqual(settings.max_connections, 4096 - RESERVED_FILES)
        (line,) = settings.warnings
        self.assertTrue(line.startswith("IMCP-FILES max_connections is 5000, but"))
        self.assertIn("at most 4096 open files", line)

    def test_of_this_process(self):
        """The limits of this process are a soft and a hard one."""
        soft, hard = current_limits()
        self.assertTrue(hard == UNLIMITED or 0 < soft <= hard)


class LimitedProcessTests(ProcessTestCase):
    """A daemon whose system allows few open files."""

    def limited(self, soft: int, hard: int, *words: str) -> tuple[str, ...]:
        """Return a command that sets the limits and becomes the daemon."""
        setting = f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))"
        become = "os.execv(sys.argv[1], sys.argv[1:])"
        program = f"import os, resource, sys; {setting}; {become}"
        return (sys.executable, "-c", program, *MODULE, *words)

    @deferred
    async def test_soft_limit_is_raised(self):
        """The daemon raises its soft limit as far as it needs, and warns of nothing."""
        few = ("--sandbox", "--max-connections", "10")
        running = self.spawn(self.limited(256, 1000, *few))
        await running.ready()
        limits = Path(f"/proc/{running.pid}/limits").read_text("ascii")
        (line,) = (line for line in limits.splitlines() if "open files" in line)
        self.assertEqual(line.split()[3:5], [str(10 + RESERVED_FILES), "1000"])
        self.assertNotIn(b"IMCP-FILES", running.output)

    @deferred
    async def test_hard_limit_is_reported(self):
        """If the hard limit is too low the log says how many connections are served."""
        running = self.spawn(self.limited(256, 900, "--sandbox"))
        (url,) = (await running.ready())["urls"]
        await running.said(b"IMCP-FILES max_connections is 1000")
        health = json.loads(await self.get(url.removesuffix("/mcp") + "/health"))
        self.assertEqual(health["status"], "healthy")

    @deferred
    async def test_check(self):
        """``check`` prints the setting, and warns that it is too high."""
        words = ("check", "--sandbox", "--max-connections", "5000")
        running = self.spawn(self.limited(256, 900, *words))
        self.assertEqual(await running.ended, 0)
        self.assertIn(b"max_connections = 5000  (--max-connections)", running.output)
        self.assertIn(b"warning: IMCP-FILES", running.output)
