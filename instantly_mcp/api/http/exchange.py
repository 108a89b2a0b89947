"""One HTTP exchange through treq: sends a request, collects a reply of limited size.

Everything else that treq would do is switched off: cookies, redirects, decoding
without a limit, and encoding the URL a second time.
"""

from __future__ import annotations

import zlib
from http.cookiejar import Cookie
from io import BytesIO
from typing import Any, cast

from attrs import define
from hyperlink import EncodedURL
from treq.client import HTTPClient
from treq.cookies import IndexableCookieJar
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IAgent, IBodyProducer, IResponse
from zope.interface import implementer

from ..request import PreparedCall
from .payload import Payload

_ENCODING = b"content-encoding"
_SET_ASIDE = b"x-set-aside-content-encoding"


class ReplyTooLarge(Exception):
    """The decoded reply is larger than the limit."""


class GarbledReply(Exception):
    """The reply's compression is invalid, or of a kind that was not requested."""


class NoCookies(IndexableCookieJar):
    """A cookie jar that stays empty.

    One client serves all tenants: a cookie of one must not be sent with the key of
    another.
    """

    def add_cookie_header(self, request: object) -> None:
        """Send no cookies."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Store no cookies."""

    def set_cookie(self, cookie: Cookie) -> None:
        """Store no cookie."""


class _WireUrl(EncodedURL):
    """A URL that is already encoded.

    treq would parse and encode it a second time, which costs more than everything else
    that it does. It calls only these two methods.
    """

    def __init__(self, text: str) -> None:
        self._wire_text = text

    def to_uri(self) -> _WireUrl:
        """Return itself."""
        return self

    def to_text(self, with_password: bool = False) -> str:
        """Return the encoded URL."""
        return self._wire_text


@implementer(IAgent)
@define(eq=False)
class _Undecoded:
    """Prevents treq from decoding gzip: `_Collector` does it, with a size limit."""

    _agent: IAgent

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[IResponse]:
        """Send the request, and hide the reply's Content-Encoding from treq."""
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
    """Sends prepared requests over an agent through treq.

    :param limit: limit of the decoded reply in bytes.
    """

    def __init__(self, agent: IAgent, clock: object, limit: int) -> None:
        self.limit = limit
        # treq imports the global reactor unless one is passed. It does not use the
        # reactor, because no timeout is passed.
        self._clock = cast(Any, clock)
        self._jar = NoCookies()
        self._client = HTTPClient(
            _Undecoded(agent), cookiejar=self._jar, data_to_body_producer=_itself
        )

    def send(self, call: PreparedCall, payload: Payload | None) -> Deferred[IResponse]:
        """Send the request; fires when the reply's headers have arrived."""
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

        Cancelling closes the connection. So does a body above the limit, and the
        Deferred then fails with `ReplyTooLarge`; for an invalid encoding it fails with
        `GarbledReply`.
        """
        collector = _Collector(self.limit, response)
        response.deliverBody(collector)
        return collector.whole


class _Collector(Protocol):
    """Collects and decodes one reply body, up to a limit."""

    def __init__(self, limit: int, response: IResponse) -> None:
        self._room = limit
        # One buffer instead of a list of parts: a body in chunks of one byte would
        # make one object of each byte.
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
        """Refuse a reply at once if its headers already show that it is unusable."""
        if self._decoder is None and self._encoding not in {b"", b"identity"}:
            self._fail(GarbledReply("an encoding that was not asked for"))
        elif self._announced != UNKNOWN_LENGTH and self._announced > self._room:
            self._fail(ReplyTooLarge())

    def dataReceived(self, data: bytes) -> None:
        """Decode and store the bytes, up to the limit."""
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
                # The decoder would store everything that follows the end.
                self._fail(GarbledReply("data behind the end of its gzip"))
                return
        self._room -= len(data)
        if self._room < 0:
            self._fail(ReplyTooLarge())
            return
        self._body.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Deliver the body if it is complete."""
        if self._done:
            return
        self._done = True
        # Without a length the body ends with the connection. Whether it is complete is
        # then seen when the JSON is decoded.
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
