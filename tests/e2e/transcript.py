"""All that one client received, checked against the schema of its revision."""

from __future__ import annotations

from attrs import define, field

from instantly_mcp._json_codec import Json, JsonObject, loads
from tests.support.wire import check_message

from .sockets import EventReader


@define(eq=False)
class Transcript:
    """Stores the messages of a client, to check each answer by its request.

    :ivar sessions: every ``Mcp-Session-Id`` that the client ever sent.
    :ivar handshakes: how often it sent ``initialize``.
    """

    revision: str = ""
    messages: list[JsonObject] = field(factory=list, init=False)
    sessions: set[str] = field(factory=set, init=False)
    handshakes: int = field(default=0, init=False)
    _methods: dict[Json, str] = field(factory=dict, init=False)
    _checked: list[tuple[JsonObject, str | None]] = field(factory=list, init=False)

    def sent(self, message: Json, session: str | None = None) -> None:
        """Store a message that the client sent."""
        if session:
            self.sessions.add(session)
        if isinstance(message, dict) and "method" in message:
            self.handshakes += message["method"] == "initialize"
            if "id" in message:
                self._methods[message["id"]] = message["method"]

    def received(self, message: Json) -> None:
        """Store a message that the client received."""
        self.messages.append(message)
        method = self._methods.get(message.get("id")) if "id" in message else None
        self._checked.append((message, method))

    def received_body(self, content_type: str, body: str) -> None:
        """Store all messages in the body of a response."""
        if content_type == "text/event-stream":
            for event in EventReader().feed(body.encode()):
                if event.name == "message" and event.data:
                    self.received(loads(event.data.encode()))
        elif body:
            self.received(loads(body.encode()))

    def check(self) -> None:
        """Check every message against the schema of the revision in use.

        :raises Unfit: for one that does not fit.
        """
        for message, method in self._checked:
            check_message(self.revision, message, method)
