"""Which client an exchange is from."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Credential, Secret
from instantly_mcp.pipeline.client import client_of
from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.protocol.calls.session import (
    McpSession,
    SessionLookup,
    SessionStatus,
)
from instantly_mcp.protocol.wire.jsonrpc import Batch, Body, Request
from instantly_mcp.protocol.wire.versions import LEGACY_REVISIONS
from tests.support.exchanges import exchange

KEY = "sandbox-canary-key"
CLIENT = {"name": "client", "version": "1"}


def decoded(message: Body | None, **fields: Any) -> Exchange:
    """Return an exchange as `Decode` hands it on."""
    return exchange(**fields).with_facts(message=message)


class ClientTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Have a session."""
        revision = next(iter(LEGACY_REVISIONS.values()))
        self.session = McpSession(
            id="x", revision=revision, credential=None, last_seen=0.0
        )

    def lookup(self) -> SessionLookup:
        """Return the session as authentication finds it."""
        return SessionLookup(SessionStatus.LIVE, self.session)

    def test_message(self):
        """A message that names its client is believed."""
        stated = decoded(Request(1, "initialize", {"clientInfo": CLIENT}))
        self.assertEqual(client_of(stated), "client/1")

    def test_session(self):
        """What comes later in a session is from the client that opened it."""
        self.session.store_client({"clientInfo": CLIENT})
        for message in (None, Request(1, "ping"), Batch([])):
            later = decoded(message, lookup=self.lookup())
            self.assertEqual(client_of(later), "client/1")

    def test_unknown(self):
        """Without either there is no name."""
        self.assertEqual(client_of(decoded(Request(1, "ping"))), "-")
        adopted = decoded(None, lookup=self.lookup())
        self.assertEqual(client_of(adopted), "-")

    def test_key_as_a_name(self):
        """A name that holds the key of the request does not show it.

        Not even the name of a session that was opened before there was a key.
        """
        self.session.store_client({"clientInfo": {"name": f"x {KEY}", "version": KEY}})
        credential = Credential(secret=Secret(KEY), source="path")
        later = decoded(None, lookup=self.lookup(), credential=credential)
        self.assertEqual(client_of(later), "x_[redacted]/[redacted]")

    def test_own_key_of_a_session(self):
        """A session's own line does not show the key that opened it either."""
        credential = Credential(secret=Secret(KEY), source="path")
        session = evolve(self.session, credential=credential)
        session.store_client({"clientInfo": {"name": KEY}})
        self.assertEqual(session.client, "[redacted]")
