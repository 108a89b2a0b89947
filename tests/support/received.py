"""The response to one HTTP request, as its client sees it, with a schema check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from instantly_mcp._json_codec import Json, loads
from instantly_mcp.pipeline.replies.channel import Event
from instantly_mcp.pipeline.replies.reply import Answer, EventStream, Reply

from .messages import LEGACY_VERSIONS
from .wire import check_message


class Received:
    """The response to one HTTP request, as the client sees it."""

    def __init__(
        self,
        replied: Deferred[Reply],
        revision: str | None,
        methods: Mapping[Json, str],
    ) -> None:
        self._replied = replied
        self._revision = revision
        self.methods = dict(methods)
        self.reply: Reply | None = None
        self.failure: Failure | None = None
        self.messages: list[Json] = []
        self.events: list[Event] = []
        self.ended = False
        replied.addCallbacks(self._take, self._fail)

    def _take(self, reply: Reply) -> None:
        self.reply = reply
        if isinstance(reply, EventStream):
            reply.channel.attach(self._event, self._end)
            return
        self.ended = True
        if reply.body:
            body = loads(reply.body)
            self.messages.extend(body if isinstance(body, list) else [body])

    def _fail(self, failure: Failure) -> None:
        self.failure = failure

    def _event(self, event: Event) -> None:
        self.events.append(event)
        if event.data and event.name != "endpoint":
            self.messages.append(loads(event.data))

    def _end(self) -> None:
        self.ended = True

    def leave(self) -> None:
        """Disconnect, as ``web`` passes it on."""
        if isinstance(self.reply, EventStream):
            self.reply.channel.abandon()
        else:
            self._replied.cancel()

    @property
    def waits(self) -> bool:
        """Whether no response has arrived yet."""
        return self.reply is None and self.failure is None

    @property
    def was_cancelled(self) -> bool:
        """Whether the request was cancelled."""
        return self.failure is not None and bool(self.failure.check(CancelledError))

    @property
    def answer(self) -> Answer:
        """The complete answer.

        :raises AssertionError: when the reply is missing, or is a stream.
        """
        if not isinstance(self.reply, Answer):
            raise AssertionError(f"no answer, but {self.reply or self.failure!r}")
        return self.reply

    @property
    def streams(self) -> bool:
        """The answer is an event stream."""
        return isinstance(self.reply, EventStream)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return 200 if self.streams else self.answer.status

    def header(self, name: str) -> str | None:
        """Return one HTTP header of the reply."""
        if self.reply is None:
            raise AssertionError("nothing was received")
        for given, value in self.reply.headers:
            if given.lower() == name.lower():
                return value
        return None

    @property
    def message(self) -> Json:
        """The only message that was received."""
        [message] = self.messages
        return message

    @property
    def result(self) -> Json:
        """The result in the last message."""
        return self.messages[-1]["result"]

    @property
    def error(self) -> Json:
        """The error in the last message."""
        return self.messages[-1]["error"]

    @property
    def responses(self) -> Sequence[Json]:
        """The responses among the messages."""
        return [message for message in self.messages if "method" not in message]

    @property
    def notifications(self) -> Sequence[Json]:
        """The notifications and requests among the messages."""
        return [message for message in self.messages if "method" in message]

    def check(self) -> None:
        """Check every message against the schema of the revision in use."""
        spoken = self._revision
        if spoken is None and self.reply is not None:
            spoken = self.header("mcp-protocol-version")
        for message in self.messages:
            check_message(
                spoken or LEGACY_VERSIONS[-1],
                message,
                self.methods.get(message.get("id")),
            )


def methods_of(message: Json) -> Mapping[Json, str]:
    """Return the method of each id that a message, or a batch, asks with."""
    members = message if isinstance(message, list) else [message]
    return {
        member["id"]: member["method"]
        for member in members
        if isinstance(member, dict)
        and isinstance(member.get("id"), str | int)
        and isinstance(member.get("method"), str)
    }
