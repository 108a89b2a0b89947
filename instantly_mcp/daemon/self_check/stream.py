"""Measures whether event streams arrive in time, through all proxies before a daemon.

It reads ``/connect/stream`` of a daemon, which sends a line a second and says when. A
proxy that buffers holds the first lines back until the last one was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IResponse

from ... import __version__
from ..._deferred import deferred
from ..._json_codec import Json, loads
from ...api.http.connection import connect_to
from ...api.http.connection_errors import ConnectionProblem, diagnose
from ...api.upstream import Upstream
from .findings import Findings

STREAM_PATH = "/connect/stream"
ACCEPT = "text/event-stream"
TIMEOUT_SECONDS = 60.0
MAX_BYTES = 100_000

LATE_SECONDS = 1.0
"""Lines that arrive later than this, compared with the last one, were held back."""


@frozen
class ArrivedLine:
    """One line of the stream.

    :param after: seconds after the first line at which the server sent it.
    :param at: seconds on the reader's clock at which it arrived.
    """

    after: float
    at: float


def lateness(lines: Sequence[ArrivedLine]) -> float:
    """Return for how many seconds a line was held back, compared with the last one.

    The time that a connection needs is not counted, because all lines have it alike.
    """
    last = lines[-1]
    return max(
        0.0, *((last.after - each.after) - (last.at - each.at) for each in lines)
    )


def stream_url(url: str) -> str:
    """Return the URL of the stream for the URL of a server, or of its endpoint."""
    base = url.partition("?")[0].rstrip("/")
    for ending in ("/mcp", "/sse", STREAM_PATH):
        base = base.removesuffix(ending)
    return f"{base}{STREAM_PATH}"


class LineCollector(Protocol):
    """Notes when each line arrives.

    :ivar done: fires with the lines.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.done: Deferred[list[ArrivedLine]] = Deferred(lambda _: self._cut())
        self._clock = clock
        self._lines: list[ArrivedLine] = []
        self._buffer = b""
        self._size = 0

    def dataReceived(self, data: bytes) -> None:
        """Take apart what arrived."""
        now = self._clock.seconds()
        self._size += len(data)
        if self._size > MAX_BYTES:
            self._cut()
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            after = _after(line)
            if after is not None:
                self._lines.append(ArrivedLine(after, now))

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Hand over the lines; a cut stream is an error."""
        if self.done.called:
            return
        if reason is None or reason.check(ResponseDone, PotentialDataLoss):
            self.done.callback(self._lines)
        else:
            self.done.errback(reason)

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()


def _after(line: bytes) -> float | None:
    if not line.startswith(b"data:"):
        return None
    try:
        event: Json = loads(line[5:])
    except ValueError:
        return None
    after = event.get("after") if isinstance(event, dict) else None
    return float(after) if isinstance(after, int | float) else None


@define(eq=False, kw_only=True)
class StreamTest:
    """One test.

    :param url: the URL under which clients reach the server.
    """

    agent: IAgent
    clock: IReactorTime
    url: str
    findings: Findings
    _place: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._place = stream_url(self.url)

    @deferred
    async def run(self) -> None:
        """Read the stream, and add the result to the findings."""
        headers = Headers({"Accept": [ACCEPT], "User-Agent": [_AGENT]})
        asking = self.agent.request(b"GET", self._place.encode("ascii"), headers)
        try:
            response = await asking.addTimeout(TIMEOUT_SECONDS, self.clock)
            if not _is_stream(response):
                self._fail(
                    f"it answered with status {response.code} and no stream. Is this "
                    "the address of an instantly-mcp server of version "
                    f"{__version__} or later?"
                )
                response.deliverBody(LineCollector(self.clock))
                return
            collector = LineCollector(self.clock)
            response.deliverBody(collector)
            lines = await collector.done.addTimeout(TIMEOUT_SECONDS, self.clock)
        except DeferredTimeout:
            self._fail(f"the stream did not end within {TIMEOUT_SECONDS:g} s")
        except Exception as error:
            self._fail(_words(error))
        else:
            self._judge(lines)

    def _judge(self, lines: Sequence[ArrivedLine]) -> None:
        if len(lines) < 2:
            self._fail("the stream ended before its second line")
            return
        late = lateness(lines)
        if late > LATE_SECONDS:
            self.findings.failures.append(
                f"IMCP-STREAM the stream of {self._place} arrives late by "
                f"{late:.1f} s: a proxy is buffering. Its operator must switch that "
                "off: proxy_buffering off in nginx"
            )
            return
        self.findings.fine.append(
            f"the stream of {self._place} arrives line by line ({len(lines)} lines, "
            f"none later than {late:.1f} s)"
        )

    def _fail(self, why: str) -> None:
        self.findings.failures.append(
            f"IMCP-STREAM the stream of {self._place} could not be read: {why}"
        )


@deferred
async def run_stream_test(url: str, reactor: Any, findings: Findings) -> None:
    """Test the streams of the server at a URL.

    :raises ValueError: for anything that is not an http or https URL.
    """
    place = stream_url(url)
    connection = connect_to(Upstream.parse(place), reactor)
    test = StreamTest(
        agent=connection.agent, clock=reactor, url=place, findings=findings
    )
    await test.run()
    await connection.close()


_AGENT = f"instantly-mcp/{__version__}"


def _is_stream(response: IResponse) -> bool:
    kinds = response.headers.getRawHeaders("Content-Type") or [""]
    return response.code == 200 and str(kinds[0]).startswith(ACCEPT)


def _words(error: Exception) -> str:
    found = diagnose(error)
    if found is None:
        return type(error).__name__
    words = found.words or found.problem.value
    if found.problem is ConnectionProblem.UNTRUSTED:
        words += (
            ". If an authority of your own signed it, set SSL_CERT_FILE to the "
            "certificate of that authority"
        )
    return words
