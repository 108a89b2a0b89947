"""The agent that reaches the sandbox without a socket."""

from __future__ import annotations

import gc
from typing import Any

import treq
from treq.client import HTTPClient
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed, ResponseNeverReceived
from twisted.web.iweb import IAgent, IResponse
from zope.interface.verify import verifyObject

from instantly_mcp.sandbox.faults import Fault, FaultKind

from .calls import Body, SandboxTestCase

URL = "http://sandbox.invalid/api/v2"
KEY: dict[bytes | str, bytes | str] = {"authorization": "Bearer sandbox"}


class Reader(Protocol):
    """Reads a body at its own pace."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.reason: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        """Keep a part."""
        self.parts.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        """Keep the reason."""
        self.reason = reason


class StuckBody(Body):
    """A request body that never comes."""

    stopped = False

    def startProducing(self, consumer: Any) -> Any:
        """Wait for ever."""
        return Deferred()

    def stopProducing(self) -> None:
        """Note that the body is not needed any more."""
        self.stopped = True


class AgentTests(SandboxTestCase):
    def test_interfaces(self) -> None:
        """The agent and its responses provide what treq expects."""
        self.assertTrue(verifyObject(IAgent, self.agent))
        response = self.successResultOf(self.send("GET", "/campaigns"))
        self.assertTrue(verifyObject(IResponse, response))
        self.assertEqual(response.version, (b"HTTP", 1, 1))
        self.assertEqual(response.phrase, b"OK")
        self.assertEqual(response.request.method, b"GET")
        self.assertIn(b"/api/v2/campaigns", response.request.absoluteURI)

    def test_with_treq(self) -> None:
        """treq's client works on it: headers, query, body, reply."""
        client = HTTPClient(self.agent)
        response = self.successResultOf(
            client.get(f"{URL}/campaigns", params={"limit": "1"}, headers=KEY)
        )
        self.assertEqual(response.code, 200)
        found = self.successResultOf(treq.json_content(response))
        self.assertEqual(len(found["items"]), 1)
        content = Body(b'{"name":"From treq"}')
        headers = {**KEY, "content-type": "application/json"}
        response = self.successResultOf(
            client.post(f"{URL}/lead-lists", data=content, headers=headers)
        )
        made = self.successResultOf(treq.json_content(response))
        self.assertEqual(made["name"], "From treq")

    def test_percent_encoding_arrives(self) -> None:
        """An encoded address and an encoded cursor arrive decoded."""
        first = self.ok("GET", "/accounts", limit=1)
        second = self.ok(
            "GET", "/accounts", limit=1, starting_after=first["next_starting_after"]
        )
        email = second["items"][0]["email"].replace("@", "%40")
        self.assertEqual(self.ok("GET", f"/accounts/{email}"), second["items"][0])

    def test_body_is_delivered_once(self) -> None:
        """The first protocol gets the whole body and the reason of its end."""
        response = self.successResultOf(self.send("GET", "/campaigns"))
        reader = Reader()
        response.deliverBody(reader)
        self.assertEqual(sum(map(len, reader.parts)), response.length)
        assert reader.reason is not None
        reader.reason.trap(ResponseDone)
        self.assertRaises(RuntimeError, response.deliverBody, Reader())

    def test_pausing(self) -> None:
        """A reader that pauses at once gets nothing until it resumes."""
        response = self.successResultOf(self.send("GET", "/campaigns"))
        response.pauseProducing()
        reader = Reader()
        response.deliverBody(reader)
        self.assertEqual((reader.parts, reader.reason), ([], None))
        response.resumeProducing()
        self.assertEqual(sum(map(len, reader.parts)), response.length)
        self.assertIsNotNone(reader.reason)

    def test_cancel_while_waiting(self) -> None:
        """Cancelling stops the server's work: its timer is gone at once."""
        self.sandbox.add_fault(Fault(kind=FaultKind.SLOW, seconds=60.0))
        waiting = self.send("GET", "/campaigns")
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        waiting.cancel()
        self.failureResultOf(waiting, ResponseNeverReceived)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cancel_while_the_body_is_produced(self) -> None:
        """Cancelling an upload stops its producer."""
        body = StuckBody(b"")
        waiting = self.agent.request(b"POST", URL.encode(), None, body)
        waiting.cancel()
        self.failureResultOf(waiting)
        self.assertTrue(body.stopped)

    def test_reader_leaves(self) -> None:
        """A reader that drops the connection gets its loss reported."""
        self.sandbox.add_fault(Fault(kind=FaultKind.CUT))
        response = self.successResultOf(self.send("GET", "/campaigns"))
        reader = Reader()
        response.deliverBody(reader)
        response.abortConnection()
        assert reader.reason is not None
        reader.reason.trap(ResponseFailed)

    def test_memory_stays_flat(self) -> None:
        """A thousand requests, some of them broken off, leave no object in memory."""

        def many(count: int) -> int:
            for number in range(count):
                if number % 10 == 0:
                    self.sandbox.add_fault(Fault(kind=FaultKind.SILENT))
                    waiting = self.send("GET", "/emails/unread/count")
                    waiting.cancel()
                    self.failureResultOf(waiting)
                self.ask("GET", "/emails/unread/count", checked=False)
            gc.collect()
            return len(gc.get_objects())

        many(50)
        before = many(10)
        # One object for each request would be a thousand. Some come and go: threads
        # that earlier tests of this process started still run.
        self.assertLess(many(1000) - before, 500)
