"""Whether a stream arrives in time."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseDone, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent
from zope.interface import implementer

from instantly_mcp.api.http.tls import TlsRefused
from instantly_mcp.daemon.self_check.findings import Findings
from instantly_mcp.daemon.self_check.stream import (
    TIMEOUT_SECONDS,
    ArrivedLine,
    StreamTest,
    lateness,
    stream_url,
)

URL = "https://mcp.example.com/gw"
TIMES = st.lists(st.floats(0, 100), min_size=2, max_size=8).map(sorted)


class LatenessTests(SynchronousTestCase):
    @given(TIMES, st.floats(0, 50))
    def test_in_time(self, sent: list[float], delay: float) -> None:
        """A slow connection alone makes no line late."""
        lines = [ArrivedLine(after, after + delay) for after in sent]
        self.assertAlmostEqual(lateness(lines), 0.0)

    @given(TIMES)
    def test_at_once(self, sent: list[float]) -> None:
        """Lines that arrive at once are late by all of the time between them."""
        lines = [ArrivedLine(after, 200.0) for after in sent]
        self.assertAlmostEqual(lateness(lines), sent[-1] - sent[0])

    def test_url(self) -> None:
        """The URL may be that of the server, its endpoint, or the stream itself."""
        for text in ("", "/", "/mcp", "/mcp/", "/sse", "/connect/stream", "/mcp?x=1"):
            self.assertEqual(
                stream_url(f"https://a.example/gw{text}"),
                "https://a.example/gw/connect/stream",
            )


@define(eq=False)
class FixedResponse:
    """A response whose body the test sends."""

    code: int = 200
    kind: str = "text/event-stream"
    protocol: Any = field(default=None, init=False)

    @property
    def headers(self) -> Headers:
        """The headers."""
        return Headers({"Content-Type": [self.kind]})

    def deliverBody(self, protocol: Any) -> None:
        """Remember who reads the body."""
        self.protocol = protocol


@implementer(IAgent)
@define(eq=False)
class FixedAgent:
    """Answers the one request."""

    answer: Deferred[Any] = field(factory=Deferred)
    urls: list[bytes] = field(factory=list)

    def request(
        self, method: bytes, uri: bytes, headers: Any = None, bodyProducer: Any = None
    ) -> Deferred[Any]:
        """Note the URL."""
        self.urls.append(uri)
        return self.answer


class StreamTestTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Begin a test."""
        self.clock, self.agent, self.findings = Clock(), FixedAgent(), Findings()
        self.response = FixedResponse()
        test = StreamTest(
            agent=self.agent, clock=self.clock, url=URL, findings=self.findings
        )
        self.done = test.run()

    def send(self, number: int) -> None:
        """Send a line."""
        line = f'data: {{"line":{number + 1},"after":{number}.0}}\n\n'
        self.response.protocol.dataReceived(line.encode())

    def end(self) -> None:
        """End the body."""
        self.response.protocol.connectionLost(Failure(ResponseDone()))
        self.successResultOf(self.done)

    def test_in_time(self) -> None:
        """Lines that arrive as they are sent are fine."""
        self.agent.answer.callback(self.response)
        self.assertEqual(self.agent.urls, [f"{URL}/connect/stream".encode()])
        for number in range(5):
            self.send(number)
            self.clock.advance(1)
        self.end()
        self.assertEqual(self.findings.failures, [])
        self.assertIn("arrives line by line (5 lines", self.findings.fine[0])

    def test_buffered(self) -> None:
        """Lines that arrive at once are a proxy's fault, and the fix is named."""
        self.agent.answer.callback(self.response)
        self.clock.advance(4)
        for number in range(5):
            self.send(number)
        self.end()
        (line,) = self.findings.failures
        self.assertIn("arrives late by 4.0 s: a proxy is buffering", line)
        self.assertIn("proxy_buffering off", line)

    def test_other_server(self) -> None:
        """A server without this stream is named as such."""
        self.response = FixedResponse(404, "application/json")
        self.agent.answer.callback(self.response)
        self.successResultOf(self.done)
        self.assertIn("status 404 and no stream", self.findings.failures[0])

    def test_refused(self) -> None:
        """A server that cannot be reached is a failure with its reason."""
        self.agent.answer.errback(ConnectionRefusedError())
        self.successResultOf(self.done)
        self.assertIn("connect refused", self.findings.failures[0])

    def test_private_authority(self) -> None:
        """A certificate that is not trusted is named, and what to set for it."""
        self.agent.answer.errback(TlsRefused("the certificate's issuer is unknown"))
        self.successResultOf(self.done)
        (failure,) = self.findings.failures
        self.assertIn("issuer is unknown. If an authority of your own", failure)
        self.assertIn("SSL_CERT_FILE", failure)

    def test_silent(self) -> None:
        """A server that does not answer in time is a failure."""
        self.clock.advance(TIMEOUT_SECONDS)
        self.successResultOf(self.done)
        self.assertIn("did not end within 60 s", self.findings.failures[0])

    def test_cut(self) -> None:
        """A stream that is cut, or has no lines, is a failure."""
        self.agent.answer.callback(self.response)
        broken = ResponseFailed([Failure(ConnectionLost())])
        self.response.protocol.connectionLost(Failure(broken))
        self.successResultOf(self.done)
        self.assertIn("could not be read", self.findings.failures[0])

    def test_odd_lines(self) -> None:
        """Other lines are ignored; a stream with fewer than two lines fails."""
        self.agent.answer.callback(self.response)
        for line in (
            b": comment\n",
            b"data: {\n",
            b'data: {"after":"x"}\n',
            b"data: 1\n",
        ):
            self.response.protocol.dataReceived(line)
        self.end()
        self.assertIn("before its second line", self.findings.failures[0])
