"""A test case for Streamable HTTP with sessions and their streams."""

from __future__ import annotations

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.calls.session import McpSession
from tests.support.clients import RigTestCase, SessionClient
from tests.support.received import Received


class StreamableTestCase(RigTestCase):
    def session_of(self, client: SessionClient) -> McpSession:
        """Return the server's side of a client's session."""
        return self.rig.sessions.held[client.session]

    def listen(self, client: SessionClient, **fields: Json) -> Received:
        """Open a GET stream in a session."""
        return self.rig.send(
            method="GET",
            session=client.session,
            key=client.key,
            version=client.version,
            speaks=client.version,
            **fields,
        )
