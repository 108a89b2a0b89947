"""Sends requests to the daemon, and says of each failure whether it was sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.web.client import (
    RequestGenerationFailed,
    RequestTransmissionFailed,
    ResponseFailed,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IResponse

from ..._credential import Secret
from ..._noop import noop
from ...api.http.payload import Payload
from .address import DaemonAddress
from .bodies import EventBody, WholeBody
from .pressure import Pressure
from .sse import EventParser, ServerEvent

Fields: TypeAlias = Mapping[str, str]
"""Header fields by their names."""


_SECONDS = re.compile(r"[0-9]{1,6}")

_AFTER_CONNECTING = (
    RequestGenerationFailed,
    RequestTransmissionFailed,
    ResponseFailed,
    TimeoutError,
)
"""How a request without a body fails that may have been sent."""


class NotSent(Exception):
    """The request failed before any of it was sent. The cause says why."""


class AnswerLost(Exception):
    """The request may have been sent, and its answer did not arrive whole."""


class UnaskedEncoding(Exception):
    """The reply is compressed, which was not asked for."""


@frozen(kw_only=True)
class ReplyHead:
    """Status and headers of a reply.

    :param media: the media type in lower case, without parameters.
    :param retry_after: the pause that the server asks for, in seconds; 0 for none.
    """

    status: int
    media: str
    session: str | None
    location: str
    retry_after: float
    response: IResponse = field(repr=False)

    @property
    def streams(self) -> bool:
        """Whether the body is a stream of events."""
        return self.media == "text/event-stream"


@define(eq=False, kw_only=True)
class DaemonHttp:
    """HTTP to the one daemon.

    :param agent: refuses every other origin, and follows no redirect.
    :param token: sent with each request as a bearer token.
    :param close: closes idle connections.
    :param fields: headers that are sent with each request.
    """

    address: DaemonAddress
    agent: IAgent
    token: Secret | None
    fields: Fields
    clock: IReactorTime
    close: Callable[[], object] = noop
    pressure: Pressure = field(factory=Pressure)

    async def send(
        self, method: str, fields: Fields, body: bytes, seconds: float
    ) -> ReplyHead:
        """Send a request; return the head of its reply, whose body must then be read.

        :param seconds: deadline for the head.
        :raises NotSent: if nothing was sent.
        :raises AnswerLost: if it may have been sent.
        """
        payload = Payload(body)
        waiting: Deferred[IResponse] = self.agent.request(
            method.encode("ascii"),
            self.address.url,
            self._headers(fields),
            payload if body else None,
        )
        waiting.addTimeout(seconds, self.clock)
        try:
            response = await waiting
        except CancelledError:
            raise
        except Exception as error:
            sent = payload.handed if body else isinstance(error, _AFTER_CONNECTING)
            raise (AnswerLost if sent else NotSent)() from error
        return _head(response)

    def hidden(self, text: str) -> str:
        """Return a text of the server without the token, which it may repeat."""
        return text if self.token is None else self.token.cut_from(text, "[token]")

    async def read(self, head: ReplyHead) -> bytes:
        """Read the body of a reply.

        :raises AnswerLost: when it is cut, too large or compressed.
        """
        reading = WholeBody(self.pressure)
        return await self._reading(head, reading, reading.whole)

    def events(
        self,
        head: ReplyHead,
        parser: EventParser,
        take: Callable[[ServerEvent], object],
    ) -> EventBody:
        """Read the events of a reply; `take` is called with each."""
        reading = EventBody(self.pressure, self.clock, parser, take)
        head.response.deliverBody(reading)
        return reading

    async def finished(self, reading: EventBody) -> None:
        """Wait for the end of a stream.

        :raises AnswerLost: when it is cut, too large or silent.
        """
        try:
            await reading.ended
        except CancelledError:
            raise
        except Exception as error:
            raise AnswerLost from error

    async def _reading(
        self, head: ReplyHead, reading: WholeBody, whole: Deferred[bytes]
    ) -> bytes:
        head.response.deliverBody(reading)
        try:
            return await whole
        except CancelledError:
            raise
        except Exception as error:
            raise AnswerLost from error

    def _headers(self, fields: Fields) -> Headers:
        headers = Headers()
        for name, value in {**self.fields, **fields}.items():
            headers.addRawHeader(name.encode("ascii"), value.encode("ascii"))
        if self.token is not None:
            bearer = b"Bearer " + self.token.reveal().encode("ascii")
            headers.addRawHeader(b"Authorization", bearer)
        return headers


def _head(response: IResponse) -> ReplyHead:
    def first(name: str) -> str | None:
        values = response.headers.getRawHeaders(name.encode("ascii"))
        return values[0].decode("ascii", "replace") if values else None

    encoding = (first("content-encoding") or "identity").strip().lower()
    if encoding != "identity":
        _discard(response)
        raise AnswerLost from UnaskedEncoding()
    media = (first("content-type") or "").partition(";")[0].strip().lower()
    return ReplyHead(
        status=response.code,
        media=media,
        session=_printable(first("mcp-session-id")),
        location=first("location") or "",
        retry_after=_seconds(first("retry-after")),
        response=response,
    )


def _seconds(text: str | None) -> float:
    """Return the seconds of a ``Retry-After``; its other form, a date, is not read."""
    found = _SECONDS.fullmatch(text or "")
    return float(found[0]) if found else 0.0


def _printable(id: str | None) -> str | None:
    """Return a session id, if it is one that can be sent back in a header."""
    if id is None or not id.isascii() or not id.isprintable() or len(id) > 4096:
        return None
    return id


def _discard(response: IResponse) -> None:
    reading = WholeBody(Pressure(), limit=0)
    reading.whole.addErrback(lambda _: None)
    response.deliverBody(reading)
    reading.whole.cancel()
