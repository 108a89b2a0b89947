"""Server-sent events as bytes. Knows the format, and nothing of what it carries."""

from __future__ import annotations

import re

from ..pipeline.channel import Event

KEEP_ALIVE = b": \n\n"
"""A comment: every client ignores it, every proxy counts it as traffic."""

_LINES = re.compile(rb"\r\n|\r|\n")
_UNSAFE = re.compile(r"[\r\n\0]").search


def encode(event: Event) -> bytes:
    """Return the event in ``text/event-stream`` format.

    There is always a ``data`` line, though it be empty: an event without one is not
    dispatched, and one that only carries an id would be lost.

    :raises ValueError: for an id or a name that would break out of its line.
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
