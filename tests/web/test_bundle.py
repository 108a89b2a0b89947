"""Tests for the download of the extension for Claude Desktop."""

from __future__ import annotations

from attrs import evolve

from instantly_mcp.bundle.archive import bundle
from instantly_mcp.pipeline.visitors import Visitor
from instantly_mcp.protocol.wire.errors import ProtocolError
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

    def test_internal_address(self):
        """A stranger's file asks for the address instead of showing an internal one."""
        self.server.status.known = evolve(FACTS, url="http://10.20.30.40:3000")
        inside = self.client.ask("GET", PATH).body
        self.assertEqual(inside, bundle("http://10.20.30.40:3000/mcp"))
        refusal = ProtocolError(-32600, "no", status=401)
        self.server.app.answering.visitors = lambda *_: Visitor(refusal=refusal)
        self.assertEqual(self.client.ask("GET", PATH).body, bundle(None))

    def test_other_methods(self):
        """It is there to be read only."""
        self.assertEqual(self.client.ask("POST", PATH).status, 405)
