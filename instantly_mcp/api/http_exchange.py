"""One HTTP exchange through treq: hands over a request, collects a bounded reply.

It knows no deadlines, no retries and no JSON. Everything that treq would do on the
side (cookies, redirects, unbounded decoding, encoding the URL once more) is off.
"""

from __future__ import annotations

import zlib
from http.cookiejar import Cookie
from io import BytesIO
from typing import Any, cast

from attrs import define, field
from hyperlink import EncodedURL
from treq.client import HTTPClient
from treq.cookies import IndexableCookieJar
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IConsumer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IAgent, IBodyProducer, IResponse
from zope.interface import implementer

from .request import PreparedCall

_ENCODING = b"content-encoding"
_SET_ASIDE = b"x-set-aside-content-encoding"


class ReplyTooLarge(Exception):
    """The decoded reply is above the limit."""


class GarbledReply(Exception):
    """The reply's compression is broken, or none that was asked for."""


@implementer(IBodyProducer)
@define(eq=False)
class Payload:
    """The body of a request, which remembers that it was handed to the connection.

    A write always travels with one, be it empty: once `handed`, the request may have
    reached the API, and only then.
    """

    _body: bytes
    length: int = field(init=False)
    handed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.length = len(self._body)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """Write everything at once: bodies here are small."""
        self.handed = True
        if self._body:
            consumer.write(self._body)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Nothing is produced later."""

    def resumeProducing(self) -> None:
        """Nothing is produced later."""

    def stopProducing(self) -> None:
        """Nothing is produced later."""


class NoCookies(IndexableCookieJar):
    """A jar that stays empty: one tenant's cookie must never travel with another."""

    def add_cookie_header(self, request: object) -> None:
        """Send none."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Keep none."""

    def set_cookie(self, cookie: Cookie) -> None:
        """Keep none."""


class _WireUrl(EncodedURL):
    """A URL that is encoded already.

    treq would parse and encode it once more, which costs more than all the rest it
    does; it asks only for these two methods.
    """

    def __init__(self, text: str) -> None:
        self._wire_text = text

    def to_uri(self) -> _WireUrl:
        """It is one."""
        return self

    def to_text(self, with_password: bool = False) -> str:
        """Return the text that goes on the wire."""
        return self._wire_text


@implementer(IAgent)
@define(eq=False)
class _Undecoded:
    """Keeps treq from decoding gzip without a limit: `_Collector` does it with one."""

    _agent: IAgent

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[IResponse]:
        """Pass the request on, and set the reply's encoding aside."""
        asked = self._agent.request(method, uri, headers, bodyProducer)
        return asked.addCallback(_set_aside_encoding)


def _set_aside_encoding(response: IResponse) -> IResponse:
    headers = cast(Headers, response.headers)
    encodings = headers.getRawHeaders(_ENCODING)
    headers.removeHeader(_SET_ASIDE)
    if encodings:
        headers.removeHeader(_ENCODING)
        headers.setRawHeaders(_SET_ASIDE, encodings)
    return response


def _itself(payload: object) -> Any:
    return payload


class Sender:
    """Sends prepared calls over an agent, by way of treq.

    :param limit: the largest decoded reply, in bytes.
    """

    def __init__(self, agent: IAgent, clock: object, limit: int) -> None:
        self.limit = limit
        # treq reaches for the global reactor unless it is given one; without a
        # timeout it makes no use of it.
        self._clock = cast(Any, clock)
        self._jar = NoCookies()
        self._client = HTTPClient(
            _Undecoded(agent), cookiejar=self._jar, data_to_body_producer=_itself
        )

    def send(self, call: PreparedCall, payload: Payload | None) -> Deferred[IResponse]:
        """Hand the request over; fires when the reply's headers are there."""
        response: Deferred[Any] = self._client.request(
            call.method,
            _WireUrl(call.url),
            headers=call.headers,
            data=cast(Any, payload),
            cookies=self._jar,
            allow_redirects=False,
            unbuffered=True,
            reactor=self._clock,
        )
        return response

    def collect(self, response: IResponse) -> Deferred[bytes]:
        """Collect the decoded body.

        Cancelling, and a body above the limit, close the connection.
        """
        collector = _Collector(self.limit, response)
        response.deliverBody(collector)
        return collector.whole


class _Collector(Protocol):
    """Joins, decodes and bounds one reply body."""

    def __init__(self, limit: int, response: IResponse) -> None:
        self._room = limit
        # One buffer: a list of parts would hold an object for each byte of a body
        # that comes in chunks of one byte.
        self._body = BytesIO()
        self._begun = False
        self._done = False
        self._announced = response.length
        encodings = response.headers.getRawHeaders(_SET_ASIDE) or ()
        self._encoding = b",".join(encodings).strip().lower()
        self._decoder = (
            zlib.decompressobj(16 + zlib.MAX_WBITS)
            if self._encoding in {b"gzip", b"x-gzip"}
            else None
        )
        self.whole: Deferred[bytes] = Deferred(self._give_up)

    def connectionMade(self) -> None:
        """Refuse at once what the headers already give away."""
        if self._decoder is None and self._encoding not in {b"", b"identity"}:
            self._fail(GarbledReply("an encoding that was not asked for"))
        elif self._announced != UNKNOWN_LENGTH and self._announced > self._room:
            self._fail(ReplyTooLarge())

    def dataReceived(self, data: bytes) -> None:
        """Keep what still fits."""
        if self._done:
            return
        self._begun = True
        if self._decoder is not None:
            try:
                data = self._decoder.decompress(data, self._room + 1)
            except zlib.error:
                self._fail(GarbledReply("broken gzip"))
                return
            if self._decoder.unused_data:
                # The decoder would keep all of what follows the end.
                self._fail(GarbledReply("data behind the end of its gzip"))
                return
        self._room -= len(data)
        if self._room < 0:
            self._fail(ReplyTooLarge())
            return
        self._body.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Deliver the body, if it is complete."""
        if self._done:
            return
        self._done = True
        # Without a length the end of the connection ends the body; whether it is
        # whole then shows in the JSON.
        if not reason.check(ResponseDone, PotentialDataLoss):
            self.whole.errback(reason)
        elif self._decoder is not None and not self._decoder.eof and self._begun:
            self.whole.errback(GarbledReply("gzip that ends early"))
        else:
            self.whole.callback(self._body.getvalue())

    def _give_up(self, cancelled: Deferred[bytes]) -> None:
        self._done = True
        self._close()

    def _fail(self, error: Exception) -> None:
        self._done = True
        self._body = BytesIO()
        self._close()
        self.whole.errback(error)

    def _close(self) -> None:
        transport = self.transport
        if transport is not None:
            transport.loseConnection()
