"""What several processes with one key share, and what each has for itself."""

from __future__ import annotations

import os
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.rails.records import Caps, Reservation
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.state_dir import StateDirectory
from instantly_mcp.daemon.stdio import state as module
from instantly_mcp.daemon.stdio.state import open_stdio_state
from instantly_mcp.state.stores.counters import StoredCounters

NOW = 1_793_610_000.0
KEY = "canary-key-of-the-operator"
CAPS = Caps(daily={"mails": 3}, per_call={})


def wall() -> float:
    """Return the time."""
    return NOW


class StateTests(SynchronousTestCase):
    """`open_stdio_state` for one process after the other, and beside it."""

    def setUp(self) -> None:
        """Have a state directory."""
        self.base = os.path.abspath(self.mktemp())

    def opened(self, key: str = KEY, **given: str) -> StateDirectory:
        """Open the state as another process does."""
        environ = {"INSTANTLY_API_KEY": key}
        settings = resolve({"state_dir": self.base, **given}, environ)
        found = open_stdio_state(settings, wall)
        self.addCleanup(found.close)
        return found

    def mails(self, state: StateDirectory, count: int, act: str) -> bool:
        """Count mails; return whether there was room."""
        reservation = Reservation(
            act=act, owner="ada", call=act, amounts={"mails": count}
        )
        counters = StoredCounters(state.database, wall)
        reached = self.successResultOf(counters.reserve(reservation, CAPS))
        return reached is None

    def test_limits_are_shared(self) -> None:
        """The limits of a day hold for all processes together, and over restarts."""
        first, second = self.opened(), self.opened()
        self.assertTrue(self.mails(first, 2, "a"))
        self.assertFalse(self.mails(second, 2, "b"))
        self.assertTrue(self.mails(second, 1, "c"))
        for each in (first, second):
            self.successResultOf(each.close())
        self.assertFalse(self.mails(self.opened(), 1, "d"))

    def test_sealed_tokens(self) -> None:
        """What one process sealed, such as a confirmation, another one opens."""
        first, second = self.opened(), self.opened()
        token = first.seal.seal("confirm", b"x")
        self.assertEqual(second.seal.unseal("confirm", token), b"x")

    def test_own_folders(self) -> None:
        """Each process has a folder of its own, which the next one takes over."""
        first, second = self.opened(), self.opened()
        self.assertNotEqual(first.path, second.path)
        self.successResultOf(first.close())
        self.assertEqual(self.opened().path, first.path)

    def test_another_key(self) -> None:
        """Keys share nothing, and no name shows one."""
        first, second = self.opened(), self.opened("another-key-of-mine")
        self.assertTrue(self.mails(first, 3, "a"))
        self.assertTrue(self.mails(second, 3, "b"))
        for path, _, names in os.walk(self.base):
            self.assertNotIn(KEY, f"{path} {names}")

    def test_too_many(self) -> None:
        """Beyond a number of processes the next one does not start."""
        with patch.object(module, "MAX_PROCESSES", 2):
            self.opened()
            self.opened()
            error = self.assertRaises(ConfigurationError, self.opened)
        self.assertIn("IMCP-STATE 2 processes with this key", str(error))

    def test_sandbox(self) -> None:
        """The sandbox keeps nothing."""
        self.assertIsNone(self.opened("sandbox-key", sandbox="true").path)
        self.assertFalse(os.path.exists(self.base))

    def test_unusable(self) -> None:
        """A state directory that was named and cannot be used ends the start."""
        with open(self.base, "wb"):
            pass
        error = self.assertRaises(ConfigurationError, self.opened)
        self.assertIn("IMCP-STATE", str(error))
