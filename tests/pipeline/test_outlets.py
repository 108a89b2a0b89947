"""How a message becomes an event."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.pipeline.channel import Channel, Event
from instantly_mcp.pipeline.outlets import ChannelOutlet, message_event
from instantly_mcp.protocol.interfaces import INotificationSink


class ChannelOutletTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make an outlet that is read."""
        self.channel = Channel()
        self.events: list[Event] = []
        self.channel.attach(self.events.append, lambda: None)
        self.outlet = ChannelOutlet(self.channel)

    def test_provides(self) -> None:
        """It is an outlet."""
        self.assertTrue(verifyObject(INotificationSink, self.outlet))

    def test_sends(self) -> None:
        """A message is one event named message, whose data is one line of JSON."""
        self.outlet.send({"a": "x\ny"})
        self.assertEqual(self.events, [message_event({"a": "x\ny"})])
        self.assertEqual(self.events[0].name, "message")
        self.assertNotIn(b"\n", self.events[0].data)

    def test_interrupt(self) -> None:
        """A stream that cannot be resumed is not interrupted, only closed."""
        self.outlet.interrupt()
        self.assertTrue(self.channel.is_open)
        self.outlet.close()
        self.assertFalse(self.channel.is_open)
