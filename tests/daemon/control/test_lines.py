"""What one peer of the control socket can take from the daemon."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import loads
from instantly_mcp.daemon.control.dispatch import CommandTable
from instantly_mcp.daemon.control.lines import (
    MAX_CONNECTIONS,
    MAX_REQUEST_BYTES,
    PEER_SECONDS,
    ControlFactory,
    ControlLines,
)

from .test_dispatch import Steps


class ControlLinesTests(SynchronousTestCase):
    """Connections in memory, on a clock."""

    def setUp(self) -> None:
        """Have a factory."""
        self.clock = Clock()
        self.steps = Steps()
        self.factory = ControlFactory(CommandTable((self.steps,)), self.clock)

    def connect(self) -> tuple[ControlLines, StringTransport]:
        """Open a connection."""
        protocol = self.factory.buildProtocol(None)
        transport = StringTransport()
        protocol.makeConnection(transport)
        return protocol, transport

    def test_one_command(self) -> None:
        """A connection is for one command: more lines would fill the memory."""
        protocol, transport = self.connect()
        line = b'{"command": "steps.at-once", "arguments": {"name": "a"}}\n'
        protocol.dataReceived(line * 3)
        self.assertEqual(loads(transport.value()), {"value": "a"})
        self.assertTrue(transport.disconnecting)

    def test_silent(self) -> None:
        """A connection on which no command arrives is closed."""
        protocol, transport = self.connect()
        protocol.dataReceived(b'{"command": ')
        self.clock.advance(PEER_SECONDS - 1)
        self.assertFalse(transport.disconnected)
        self.clock.advance(1)
        self.assertTrue(transport.disconnected)

    def test_long_command(self) -> None:
        """A command may take longer than its peer to send it."""
        protocol, transport = self.connect()
        protocol.dataReceived(
            b'{"command": "steps.later", "arguments": {"name": "a"}}\n'
        )
        self.clock.advance(PEER_SECONDS * 10)
        self.assertFalse(transport.disconnected)
        self.steps.waiting.callback(None)
        self.assertTrue(transport.disconnecting)

    def test_answer_is_not_read(self) -> None:
        """A peer that does not read its answer is closed, too."""
        protocol, transport = self.connect()
        protocol.dataReceived(b"{}\n")
        self.clock.advance(PEER_SECONDS)
        self.assertTrue(transport.disconnected)

    def test_no_timer_left(self) -> None:
        """A connection that has ended leaves no timer, whenever its command ends."""
        protocol, _ = self.connect()
        protocol.dataReceived(
            b'{"command": "steps.later", "arguments": {"name": "a"}}\n'
        )
        protocol.connectionLost()
        self.steps.waiting.callback(None)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_long_line(self) -> None:
        """A line without an end is not kept."""
        protocol, transport = self.connect()
        protocol.dataReceived(b"x" * (MAX_REQUEST_BYTES + 1))
        self.assertTrue(transport.disconnecting)

    def test_many(self) -> None:
        """One connection too many is refused, and there is room when another ends."""
        opened = [self.connect() for _ in range(MAX_CONNECTIONS)]
        self.assertFalse(any(transport.value() for _, transport in opened))
        _, transport = self.connect()
        self.assertIn("too many commands", transport.value().decode())
        self.assertTrue(transport.disconnecting)
        opened[0][0].connectionLost()
        _, transport = self.connect()
        self.assertEqual(transport.value(), b"")
