"""The sandbox's view for web pages."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.daemon.upstream import SandboxView
from instantly_mcp.sandbox.workspaces import Sandbox
from instantly_mcp.web.interfaces import ISandboxView


class SandboxViewTests(SynchronousTestCase):
    """One world at a time."""

    def setUp(self) -> None:
        """Open a view."""
        self.view = SandboxView(Sandbox(Clock()))

    def test_provides(self):
        """It is what the web application's pages need."""
        self.assertTrue(verifyObject(ISandboxView, self.view))

    def test_outbox(self):
        """The outbox of a new world is empty."""
        shown = self.view.outbox("sandbox-mine")
        assert shown is not None
        self.assertEqual((shown["key"], shown["count"]), ("sandbox-mine", 0))

    def test_reset(self):
        """A reset names the workspace that starts over."""
        self.assertEqual(
            self.view.reset("sandbox-mine"), {"reset": True, "key": "sandbox-mine"}
        )

    def test_foreign_key(self):
        """A key that is not the sandbox's gets no outbox and resets nothing."""
        self.assertIsNone(self.view.outbox("a-real-key-of-another"))
        self.assertIsNone(self.view.reset("a-real-key-of-another"))
