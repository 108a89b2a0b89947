"""The sandbox's view for web pages."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.upstream import SandboxWindow
from instantly_mcp.sandbox.workspaces import Sandbox


class SandboxWindowTests(SynchronousTestCase):
    """One world at a time."""

    def setUp(self) -> None:
        """Open a window."""
        self.window = SandboxWindow(Sandbox(Clock()))

    def test_outbox(self):
        """The outbox of a new world is empty."""
        shown = self.window.outbox("sandbox-mine")
        assert shown is not None
        self.assertEqual((shown["key"], shown["count"]), ("sandbox-mine", 0))

    def test_reset(self):
        """A reset names the workspace that starts over."""
        self.assertEqual(
            self.window.reset("sandbox-mine"), {"reset": True, "key": "sandbox-mine"}
        )

    def test_foreign_key(self):
        """A key that is not the sandbox's gets no outbox and resets nothing."""
        self.assertIsNone(self.window.outbox("a-real-key-of-another"))
        self.assertIsNone(self.window.reset("a-real-key-of-another"))
