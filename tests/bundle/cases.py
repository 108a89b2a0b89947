"""Test cases with the program of the bundle."""

from __future__ import annotations

from pathlib import Path

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from tests.clients.programs import NODE

from .installed import install
from .relay_process import RelayProcess, start
from .scripted_daemon import ScriptedDaemon

TOKEN = "imt_canary-of-the-bundle"


class RelayTestCase(TestCase):
    """A scripted daemon and the relay, which must never show the token."""

    node: Path | str = NODE

    def setUp(self) -> None:
        """Make a daemon."""
        self.folder = Path(self.mktemp()).resolve()
        self.daemon = ScriptedDaemon()
        self.relays: list[RelayProcess] = []

    def tearDown(self) -> None:
        """Look for the token in everything that was written."""
        for relay in self.relays:
            self.assertNotIn(TOKEN.encode(), relay.output + relay.errors)

    def listen(self, tls: object = None) -> str:
        """Let the daemon listen; return its URL."""
        url = self.daemon.listen(reactor, tls)
        self.addCleanup(self.daemon.port.stopListening)
        return url

    def relay(self, url: str, **values: str) -> RelayProcess:
        """Start the relay with what a user entered."""
        entered = {"server_address": url, "access_token": TOKEN, **values}
        folder = self.folder / f"extension-{len(self.relays)}"
        started = start(self, install(folder, entered, node=self.node))
        self.relays.append(started)
        return started
