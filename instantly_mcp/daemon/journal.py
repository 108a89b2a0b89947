"""The log: text or one JSON object a line, redacted.

A sink that is full, gone or not read costs log lines, which are counted, and never an
answer: see `log_writer`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO, TypeAlias

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    formatEvent,
)
from zope.interface import implementer

from .._json import Json, dumps
from .line_file import LineFile, why_not
from .log_writer import LogWriter
from .mistakes import Mistakes
from .redaction import Redactor

if TYPE_CHECKING:
    from .settings import Settings

_PLAIN = (str, int, float, type(None))
"""What JSON has a word for. (A union would be made anew at each look.)"""

Format: TypeAlias = Callable[[LogEvent], str | None]


class Lines(Protocol):
    """Where lines go: a `LineFile`, or a `LogWriter` in front of one."""

    @property
    def path(self) -> Path | None:
        """The file, if it is one."""

    @property
    def dropped_total(self) -> int:
        """Lines lost since the start."""

    def write(self, line: str) -> None:
        """Append a line, or count it as dropped."""

    def reopen(self) -> str | None:
        """Open the file again; return why that failed, if it did."""


@implementer(ILogObserver)
class Journal:
    """The one observer of a running daemon."""

    def __init__(
        self, file: Lines, format: Format, redactor: Redactor, level: str = "debug"
    ) -> None:
        self.file = file
        self.redactor = redactor
        self._format = format
        least = LogLevel.levelWithName(level)
        self._written = {each for each in LogLevel.iterconstants() if not each < least}

    @property
    def has_file(self) -> bool:
        """Lines go to a file, not to a stream that the process was started with."""
        return self.file.path is not None

    def __call__(self, event: LogEvent) -> None:
        """Write one event, if it is severe enough."""
        if _level(event) not in self._written:
            return
        line = self._format(event)
        if line is not None:
            self.file.write(self.redactor(line))


def as_text(event: LogEvent) -> str | None:
    """Format for a person."""
    if "log_failure" not in event and "log_namespace" in event:
        message = _message(event)
        system = event.get("log_system") or (
            f"{event['log_namespace']}#{_level(event).name}"
        )
        when = _utc(event.get("log_time"))
        return f"{when} [{system}] {message}".rstrip("\n") if message else None
    return eventAsText(event, formatTime=_utc).rstrip("\n") or None


def as_json(event: LogEvent) -> str | None:
    """Format for a machine: time, level, logger, message, and the event's fields."""
    record: dict[str, Json] = {
        "time": _utc(event.get("log_time")),
        "level": _level(event).name,
        "logger": event.get("log_namespace", ""),
        "message": _message(event),
    }
    for name, value in event.items():
        if not name.startswith("log_") and isinstance(value, _PLAIN):
            record.setdefault(name, value)
    if "log_failure" in event:
        record["traceback"] = event["log_failure"].getTraceback()
    return dumps(record).decode("utf-8")


def open_journal(settings: Settings, stream: TextIO) -> Journal:
    """Return the log that the settings ask for.

    :param stream: used unless the settings name a file.
    :raises Mistakes: when that file cannot be opened.
    """
    path, format = settings.log_file, settings.log_format
    try:
        file = LineFile(stream, path, DROPPED_LINES[format])
    except OSError as error:
        raise Mistakes(why_not(path, error)) from None
    redactor = Redactor(settings.secrets())
    return Journal(file, FORMATS[format], redactor, settings.log_level)


FORMATS: dict[str, Format] = {"text": as_text, "json": as_json}


def write_in_background(journal: Journal) -> LogWriter:
    """Let a journal only queue its lines.

    :returns: what writes them, once it is started.
    """
    assert isinstance(journal.file, LineFile)
    writer = LogWriter(journal.file)
    journal.file = writer
    return writer


def _dropped_as_text(count: int) -> str:
    return f"{count} log lines were dropped here"


def _dropped_as_json(count: int) -> str:
    event = {
        "log_time": time.time(),
        "log_level": LogLevel.warn,
        "log_namespace": __name__,
        "log_format": _dropped_as_text(count),
        "dropped": count,
    }
    return as_json(event) or ""


DROPPED_LINES: dict[str, Callable[[int], str]] = {
    "text": _dropped_as_text,
    "json": _dropped_as_json,
}


def _message(event: LogEvent) -> str:
    """Format as Twisted does; where C can do it, in a fraction of the time."""
    format = event.get("log_format")
    if isinstance(format, str) and "()" not in format and "log_flattened" not in event:
        try:
            return format.format_map(event)
        except Exception:
            return formatEvent(event)
    return formatEvent(event)


def _level(event: LogEvent) -> Json:
    level = event.get("log_level") or LogLevel.info
    if level is LogLevel.info and event.get("log_namespace") == "log_legacy":
        # Twisted's old way of talking about ports: we say it ourselves.
        return LogLevel.debug
    return level


def _utc(when: float | None) -> str:
    if when is None:
        return "-"
    seconds = int(when // 1)
    return f"{_second(seconds)}.{int((when - seconds) * 1000):03}+00:00"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
