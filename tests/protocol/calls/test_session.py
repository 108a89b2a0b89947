"""A legacy session and its end."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import ANONYMOUS
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.wire.versions import V2025_06_18
from tests.support.engines import Basket
from tests.support.servers import ADA, credential


def make_session(anonymous: bool = False) -> McpSession:
    """Return a fresh session."""
    return McpSession(
        id="s",
        revision=V2025_06_18,
        credential=None if anonymous else credential(),
        last_seen=1.0,
    )


class McpSessionTests(SynchronousTestCase):
    def test_principal(self) -> None:
        """A session belongs to the principal that opened it, or is anonymous."""
        self.assertEqual(make_session().principal, credential().principal)
        self.assertEqual(make_session(anonymous=True).principal, ANONYMOUS)

    def test_touch(self) -> None:
        """A sign of life is noted."""
        session = make_session()
        session.touch(7.5)
        self.assertEqual(session.last_seen, 7.5)

    def test_close(self) -> None:
        """Its end cancels the calls in flight and closes the streams."""
        session = make_session()
        call: Deferred[object] = Deferred()
        stream = Basket()
        session.calls[1] = call
        session.streams.append(stream)
        session.close()
        self.failureResultOf(call, CancelledError)
        self.assertTrue(stream.closed)
        self.assertTrue(session.ended)
        self.assertEqual((session.calls, session.streams), ({}, []))

    def test_tells_of_its_end(self) -> None:
        """Callbacks for the end of a session are called once."""
        session = make_session()
        told: list[str] = []
        session.when_closed(lambda: told.append("end"))
        session.close()
        session.close()
        self.assertEqual(told, ["end"])

    def test_close_twice(self) -> None:
        """Ending it again changes nothing."""
        session = make_session()
        session.close()
        session.close()
        self.assertTrue(session.ended)

    def test_calls_that_forget_themselves(self) -> None:
        """A call that leaves the table while it is cancelled disturbs no other."""
        session = make_session()
        calls: list[Deferred[object]] = []

        def forget(failure: Failure, id: int) -> None:
            del session.calls[id]

        for id in range(3):
            call: Deferred[object] = Deferred()
            call.addErrback(forget, id)
            session.calls[id] = call
            calls.append(call)
        session.close()
        for call in calls:
            self.successResultOf(call)

    def test_no_key_in_repr(self) -> None:
        """The repr of a session does not show its key."""
        self.assertNotIn(ADA, repr(make_session()))
