"""The same bytes read by our connection and by h11: what each takes them for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import h11
from attrs import frozen
from twisted.internet.task import Clock
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from instantly_mcp.pipeline.replies.reply import Answer
from instantly_mcp.web.http.access_log import AccessLog
from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.http.site import McpSite

from ..site import NOW, Pipe, RecordingMetrics

ANSWER = Answer(status=405)


@frozen
class Seen:
    """One complete request."""

    method: bytes
    target: bytes
    body: bytes


@frozen
class Reading:
    """What a reader made of some bytes.

    :param requests: those that were complete.
    :param end: ``refused``; ``waiting`` for more; ``closing``, reading no more; or
        ``ready`` for another request.
    :param why: of a refusal, for people.
    """

    requests: Sequence[Seen]
    end: str
    why: str = ""


class Recorder(Resource):
    """Answers every request, and keeps it."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Seen] = []

    def render(self, request: Any) -> int:
        """Keep it."""
        head = request.head
        target = head.path + ("?" + head.query if head.query else "")
        body = request.content.getvalue()
        self.requests.append(Seen(head.method.encode(), target.encode(), body))
        request.answer(ANSWER)
        request.finish()
        return NOT_DONE_YET


def ours(pieces: Sequence[bytes], limits: WebLimits | None = None) -> Reading:
    """Read with our connection."""
    resource, clock = Recorder(), Clock()
    access_log = AccessLog(RecordingMetrics(), enabled=False)
    site = McpSite(resource, clock, access_log, limits or WebLimits(), lambda: NOW)
    channel = site.buildProtocol(None)
    pipe = Pipe("127.0.0.1")
    channel.makeConnection(pipe)
    for piece in pieces:
        channel.dataReceived(piece)
    answers = pipe.value().split(b"HTTP/1.1 405 ")
    end, why = "ready", ""
    last = answers[-1]
    if b"HTTP/1.1 " in last.replace(b"HTTP/1.1 100 Continue", b""):
        end, why = "refused", last.partition(b"\r\n\r\n")[2].decode()
    elif channel.ending:
        end = "closing"
    elif channel._unparsed or channel.requests:
        end = "waiting"
    return Reading(resource.requests, end, why)


def theirs(pieces: Sequence[bytes]) -> Reading:
    """Read with h11, as a server that answers each request without a body."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    requests: list[Seen] = []
    head, body, end = None, b"", "ready"
    try:
        for piece in pieces:
            connection.receive_data(piece)
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    data, _ = connection.trailing_data
                    end = "waiting" if data or head is not None else "ready"
                    break
                if event is h11.PAUSED:
                    end = "closing"
                    break
                if isinstance(event, h11.Request):
                    head, body = event, b""
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage) and head is not None:
                    requests.append(Seen(head.method, head.target, body))
                    head = None
                    end = _answer(connection)
                    if end == "closing":
                        break
            if end == "closing":
                break
    except h11.RemoteProtocolError as error:
        return Reading(requests, "refused", str(error))
    return Reading(requests, end)


def _answer(connection: h11.Connection) -> str:
    connection.send(h11.Response(status_code=405, headers=[("content-length", "0")]))
    connection.send(h11.EndOfMessage())
    if connection.our_state is h11.MUST_CLOSE or connection.their_state is not h11.DONE:
        return "closing"
    connection.start_next_cycle()
    return "ready"
