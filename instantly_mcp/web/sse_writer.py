"""Encodes server-sent events (``text/event-stream``, WHATWG HTML section 9.2)."""

from __future__ import annotations

import re

from ..pipeline.replies.channel import Event

KEEP_ALIVE = b": \n\n"
"""A comment: clients ignore it, and proxies take it for traffic."""

_LINES = re.compile(rb"\r\n|\r|\n")
_UNSAFE = re.compile(r"[\r\n\0]").search


def encode(event: Event) -> bytes:
    """Return the event in ``text/event-stream`` format.

    There is always a ``data`` line, even if it is empty: clients ignore an event
    without one, and with it the event's id.

    :raises ValueError: for an id or a name with a line break or NUL.
    """
    data = event.data
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(_LINES.split(data))
    if event.id is None and event.name is None and event.retry is None:
        return b"data: %b\n\n" % data
    fields = _line("id", event.id) + _line("event", event.name)
    if event.retry is not None:
        fields += f"retry: {event.retry}\n"
    return b"%bdata: %b\n\n" % (fields.encode("utf-8"), data)


def _line(field: str, value: str | None) -> str:
    if value is None:
        return ""
    if _UNSAFE(value):
        raise ValueError(f"the {field} of an event must be one line")
    return f"{field}: {value}\n"
