"""Reads what the daemon replies to one POST, and passes its messages on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import define, field

from ..._json_codec import Json, JsonObject, dumps
from ...protocol.wire.errors import SESSION_NOT_FOUND_REASON
from ...protocol.wire.jsonrpc import Id
from ..http.bodies import EventBody
from ..http.daemon_http import AnswerLost, DaemonHttp, ReplyHead
from ..http.sse import EventParser, ServerEvent
from ..problems.problem import Problem
from ..problems.statuses import (
    TOO_LARGE,
    busy,
    error_of,
    failing,
    not_mcp,
    redirected,
    refused,
    too_large,
)
from .client import read_message, response_id

Deliver: TypeAlias = Callable[[JsonObject, bytes], object]
"""Takes a message, and its bytes as they were received."""


class SessionGone(Exception):
    """The daemon does not have the session (404): the request was not carried out."""


class TurnedAway(Exception):
    """The server does not serve this client: the request was not carried out."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class ProxyFailed(AnswerLost):
    """A proxy answered in place of the daemon, which may have seen the request."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class Overloaded(Exception):
    """The daemon refuses work at the moment, with an error for the client.

    :ivar is_limit: the client sends too much (429): the daemon is there, and carried
        nothing out.
    """

    def __init__(self, problem: Problem, reply: JsonObject, head: ReplyHead) -> None:
        super().__init__(problem.text)
        self.problem = problem
        self.reply = reply
        self.is_limit = head.status == 429
        self.retry_after = head.retry_after


@define(eq=False, kw_only=True)
class ReplyReader:
    """Reads the reply, or the replies, to the requests of one POST.

    :param expected: the ids of the requests that are not answered yet.
    :param in_session: the POST named a session.
    :param deliver: takes each message that is for the client.
    :ivar is_over: the stream cannot be resumed: the daemon does not have it any more.
    """

    http: DaemonHttp
    expected: set[Id]
    in_session: bool
    deliver: Deliver
    parser: EventParser = field(factory=EventParser, init=False)
    is_over: bool = field(default=False, init=False)
    _reading: EventBody | None = field(default=None, init=False, repr=False)
    _resumed_after: str = field(default="", init=False)

    async def read(self, head: ReplyHead) -> None:
        """Read the reply to its end, or until each request is answered.

        :raises AnswerLost: when it ends before that.
        """
        if head.streams and head.status == 200:
            await self._stream(head)
        else:
            self._judge(head, await self.http.read(head))
        if self.expected:
            raise AnswerLost

    async def resume(self, head: ReplyHead) -> None:
        """Read a stream that continues where the last one was cut.

        :raises AnswerLost: when it cannot be continued, or ends too early.
        """
        if not (head.streams and head.status == 200):
            await self.http.read(head)
            # A proxy may have answered while the daemon restarts.
            self.is_over = head.status < 500
            raise AnswerLost
        self._resumed_after = last_id = self.parser.last_id
        self.parser = EventParser()
        self.parser.last_id = last_id
        await self._stream(head)
        if self.expected:
            raise AnswerLost

    async def _stream(self, head: ReplyHead) -> None:
        self._reading = self.http.events(head, self.parser, self._event)
        await self.http.finished(self._reading)

    def _event(self, event: ServerEvent) -> None:
        if self._resumed_after and event.id:
            if _stream_of(event.id) != _stream_of(self._resumed_after):
                self.is_over = True
                raise AnswerLost
            self._resumed_after = ""
        value = read_message(event.data) if event.data else None
        if isinstance(value, list):
            for member in value:
                self._take(member, dumps(member))
        elif value is not None:
            self._take(value, event.data)
        if not self.expected and self._reading is not None:
            self._reading.finish()

    def _take(self, message: JsonObject, text: bytes) -> None:
        """Deliver a message, unless it answers what was not asked."""
        if "method" in message:
            self.deliver(message, text)
            return
        id = response_id(message)
        if id in self.expected:
            self.expected.discard(id)
            self.deliver(message, text)

    def _judge(self, head: ReplyHead, body: bytes) -> None:
        """Deliver a reply in one piece, or raise what it means."""
        address, status = self.http.address, head.status
        value = read_message(body)
        error = error_of(value)
        hidden = self.http.hidden
        message = "" if error is None else hidden(str(error["message"]))
        if 300 <= status < 400:
            raise TurnedAway(redirected(hidden(head.location), address))
        if status == 404 and self.in_session and _is_about_session(value, error):
            raise SessionGone
        if status in (401, 403):
            raise TurnedAway(refused(status, message, address))
        if status in (429, 503) and isinstance(value, dict) and error is not None:
            raise Overloaded(busy(message, address), self._addressed(value), head)
        if status >= 500 and error is None:
            raise ProxyFailed(failing(status, address))
        if status in TOO_LARGE and error is None:
            refusal = too_large(status, address)
            self._deliver_whole([{**refusal, "id": id} for id in self.expected], body)
            return
        if not body and status in (200, 202, 204):
            return
        if value is None:
            raise TurnedAway(not_mcp(status, hidden(head.media), body, address))
        self._deliver_whole(value, body)

    def _deliver_whole(self, value: Json, body: bytes) -> None:
        if isinstance(value, list):
            for member in value:
                self._take(member, dumps(member))
            return
        addressed = self._addressed(value)
        self._take(addressed, body if addressed is value else dumps(addressed))

    def _addressed(self, value: JsonObject) -> JsonObject:
        """Return an error with the id of its request, if only that can be meant."""
        nameless = "error" in value and value.get("id") is None
        if nameless and len(self.expected) == 1:
            return {**value, "id": next(iter(self.expected))}
        return value


def _is_about_session(value: Json, error: JsonObject | None) -> bool:
    """Say whether a 404 means the session, and not a method or the whole address."""
    if error is None:
        return value is None
    data = error.get("data")
    reason = data.get("reason") if isinstance(data, dict) else None
    return reason == SESSION_NOT_FOUND_REASON or error.get("code") != -32601


def _stream_of(id: str) -> str:
    """Return the part of an event id that events of one stream have in common."""
    return id.rstrip("0123456789")
