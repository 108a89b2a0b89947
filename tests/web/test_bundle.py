"""Tests for the download of the extension for Claude Desktop."""

from __future__ import annotations

from attrs import evolve

from instantly_mcp.bundle.archive import bundle
from tests.support.cases import ClockedTestCase

from .site import FACTS, MemoryServer

PATH = "/connect/instantly-mcp.mcpb"


class BundleTests(ClockedTestCase):
    def setUp(self) -> None:
        """Make a site with one connection."""
        super().setUp()
        self.server = MemoryServer(self.clock)
        self.client = self.server.connect()
        self.addCleanup(self.client.hang_up)

    def test_download(self):
        """The file has the public address filled in, and a name to be saved under."""
        public = evolve(FACTS, public_url="https://mcp.acme.example")
        self.server.status.known = public
        response = self.client.ask("GET", PATH)
        self.assertEqual(response.status, 200)
        self.assertEqual(response.body, bundle("https://mcp.acme.example/mcp"))
        named = 'attachment; filename="instantly-mcp.mcpb"'
        self.assertEqual(response.one("content-disposition"), named)

    def test_other_methods(self):
        """It is there to be read only."""
        self.assertEqual(self.client.ask("POST", PATH).status, 405)
