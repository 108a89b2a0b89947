"""Toolsets: what an operator selects, and what a caller limits itself to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.toolsets import TOOLSETS, ToolSelection


class NarrowingTests(SynchronousTestCase):
    selection = ToolSelection.parse("leads,emails")

    def test_names(self) -> None:
        """The named toolsets remain, in the order of the selection, with the server."""
        for text, expected in (
            ("emails", ("emails", "server")),
            (" Emails , leads", ("leads", "emails", "server")),
            ("server", ("server",)),
            ("all", None),
            ("default", None),
            ("leads,all", None),
        ):
            with self.subTest(text=text):
                self.assertEqual(self.selection.narrowed_to(text), expected)

    def test_other_names(self) -> None:
        """Other names are refused with the valid ones, and are not repeated."""
        for text in ("campaigns", "nothing", "", ",", "leads,", "leads,nothing"):
            with self.subTest(text=text):
                error = self.assertRaises(ValueError, self.selection.narrowed_to, text)
                self.assertIn("it has an unknown name", str(error))
                self.assertIn("all, default, leads, emails, server", str(error))
                self.assertNotIn("nothing", str(error))

    def test_every_toolset(self) -> None:
        """Each toolset of the product can be named where all are selected."""
        for name in TOOLSETS:
            narrowed = ToolSelection().narrowed_to(name)
            self.assertEqual(set(narrowed or ()), {name, "server"})
