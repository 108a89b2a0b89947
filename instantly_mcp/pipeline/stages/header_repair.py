"""Stage two: repairs ``Accept`` and ``Content-Type`` of a POST, or refuses them.

Many clients get these headers slightly wrong. A header that can have only one meaning
is repaired, with a note; any other wrong header is refused before the body is decoded.
"""

from __future__ import annotations

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ...protocol.wire.errors import ProtocolError
from ..exchange import Exchange, Note, Route
from ..interfaces import IStage
from ..media import BOTH, JSON, names_stream, read_accept
from ..refusals import encoding_refused, media_type_refused, not_acceptable
from ..replies.reply import Outcome, refuse

ACCEPT_REPAIRED = Note("accept-repaired")
CONTENT_TYPE_ASSUMED = Note("content-type-assumed")


@implementer(IStage)
@frozen
class HeaderRepair:
    """Repairs headers; fills `accepts_stream` and `accepts_json`."""

    name: str = "header-repair"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Carry on with repaired headers, or refuse with 406 or 415."""
        if exchange.method != "POST":
            return succeed(_with_named_stream(exchange))
        try:
            exchange = _typed(exchange)
            if exchange.route is Route.MCP:
                exchange = _accepting(exchange)
        except ProtocolError as error:
            return succeed(refuse(exchange, error))
        return succeed(exchange)


def _with_named_stream(exchange: Exchange) -> Exchange:
    """Fill `accepts_stream` of a GET: the header must name ``text/event-stream``."""
    stream = names_stream(", ".join(exchange.headers.all("accept")))
    if stream == exchange.accepts_stream:
        return exchange
    return exchange.with_facts(accepts_stream=stream)


def _typed(exchange: Exchange) -> Exchange:
    headers = exchange.headers
    for coding in headers.all("content-encoding"):
        if coding.strip().lower() not in {"", "identity"}:
            raise encoding_refused()
    types = headers.all("content-type")
    if len(types) == 1 and types[0]:
        # A web page of another origin can send text/plain without a CORS preflight, so
        # a stated type is never replaced.
        if types[0] == JSON or _essence(types[0]) == JSON:
            return exchange
        raise media_type_refused()
    if len(types) > 1 or not _may_be_json(exchange.body):
        raise media_type_refused()
    return _repaired(exchange, "content-type", JSON, CONTENT_TYPE_ASSUMED)


def _accepting(exchange: Exchange) -> Exchange:
    values = exchange.headers.all("accept")
    readable = read_accept(values[0] if len(values) == 1 else ", ".join(values))
    if readable.json and readable.stream:
        if readable.complete:
            return exchange
        return _repaired(exchange, "accept", BOTH, ACCEPT_REPAIRED)
    if not readable.json and not readable.stream:
        raise not_acceptable()
    return exchange.with_facts(
        accepts_json=readable.json, accepts_stream=readable.stream
    )


def _repaired(exchange: Exchange, header: str, value: str, note: Note) -> Exchange:
    headers = exchange.headers.with_value(header, value)
    return exchange.with_facts(headers=headers, notes=(*exchange.notes, note))


def _essence(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _may_be_json(body: bytes) -> bool:
    """Look at the first byte. An empty body passes: `Decode` refuses it."""
    start = body[:1024].lstrip()[:1]
    return start in {b"", b"{", b"["}
