"""The client's side: what is written to it, and what it was promised."""

from __future__ import annotations

from attrs import define, field

from ..._json_codec import Json, JsonObject, dumps, loads
from ...protocol.wire.jsonrpc import Id, notification
from ...transports.stdio_lines import ILineSink


@define(eq=False)
class LocalClient:
    """Writes messages to the client.

    :ivar closed: nothing is written any more.
    """

    sink: ILineSink
    closed: bool = field(default=False, init=False)

    def write(self, message: bytes) -> None:
        """Write one message, which may have line feeds between its parts."""
        if self.closed:
            return
        # JSON escapes line breaks in its strings, so that these are only white space.
        if b"\n" in message or b"\r" in message:
            message = message.replace(b"\n", b" ").replace(b"\r", b" ")
        self.sink.write_line(message)

    def notify(self, method: str, params: JsonObject | None = None) -> None:
        """Write a notification of the relay."""
        if params is None:
            self.write(dumps({"jsonrpc": "2.0", "method": method}))
        else:
            self.write(dumps(notification(method, params)))


def read_message(text: bytes) -> JsonObject | list[Json] | None:
    """Read a message of the daemon, or a batch; ``None`` if it is neither."""
    try:
        value = loads(text)
    except ValueError:
        return None
    if isinstance(value, dict):
        return value if value.get("jsonrpc") == "2.0" else None
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        return value
    return None


def response_id(message: JsonObject) -> Id | None:
    """Return the id of a response; ``None`` for anything else."""
    if "method" in message or ("result" not in message and "error" not in message):
        return None
    id = message.get("id")
    is_id = isinstance(id, str | int) and not isinstance(id, bool)
    return id if is_id else None
