"""The log: text or one JSON object a line, redacted, and never in the way.

A disk that is full or a folder that is gone costs log lines, which are counted, and
never an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypeAlias

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    eventAsText,
    formatEvent,
)
from zope.interface import implementer

from .._json import Json, dumps
from .redaction import Redactor

Format: TypeAlias = Callable[[LogEvent], str | None]


class LineFile:
    """Appends lines to a stream, or to a file that can be opened again."""

    def __init__(self, stream: TextIO | None, path: Path | None = None) -> None:
        self._stream = stream
        self._path = path
        self.dropped = 0
        if path is not None:
            self.reopen()

    def reopen(self) -> None:
        """Open the file anew, after it was rotated away; keep the old one if not."""
        if self._path is None:
            return
        try:
            fresh = self._path.open("a", encoding="utf-8", errors="backslashreplace")
        except OSError:
            return
        old, self._stream = self._stream, fresh
        if old is not None:
            self._close(old)

    def write(self, line: str) -> None:
        """Append a line, or count it as dropped."""
        if self._stream is None:
            self.dropped += 1
            return
        try:
            if self.dropped:
                self._stream.write(f"{self.dropped} log lines were dropped here\n")
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.dropped += 1
        else:
            self.dropped = 0

    def _close(self, stream: TextIO) -> None:
        try:
            stream.close()
        except OSError:
            # What it still held could not be written: those lines are lost.
            self.dropped += 1


@implementer(ILogObserver)
class Journal:
    """The one observer of a running daemon."""

    def __init__(self, file: LineFile, format: Format, redactor: Redactor) -> None:
        self.file = file
        self.redactor = redactor
        self._format = format

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        line = self._format(event)
        if line is not None:
            self.file.write(self.redactor(line))


def as_text(event: LogEvent) -> str | None:
    """Format for a person."""
    return eventAsText(event, formatTime=_utc).rstrip("\n") or None


def as_json(event: LogEvent) -> str | None:
    """Format for a machine: time, level, logger, message, and the event's fields."""
    record: dict[str, Json] = {
        "time": _utc(event.get("log_time")),
        "level": _level(event).name,
        "logger": event.get("log_namespace", ""),
        "message": formatEvent(event),
    }
    for name, value in event.items():
        plain = value is None or isinstance(value, str | int | float | bool)
        if plain and not name.startswith("log_"):
            record.setdefault(name, value)
    if "log_failure" in event:
        record["traceback"] = event["log_failure"].getTraceback()
    return dumps(record).decode("utf-8")


FORMATS: dict[str, Format] = {"text": as_text, "json": as_json}


def leveled(journal: Journal, level: str) -> ILogObserver:
    """Return an observer that hands on only events of this level and above."""
    least = LogLevel.levelWithName(level)
    return FilteringLogObserver(
        journal, [LogLevelFilterPredicate(defaultLogLevel=least)]
    )


def _level(event: LogEvent) -> Json:
    return event.get("log_level") or LogLevel.info


def _utc(when: float | None) -> str:
    if when is None:
        return "-"
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")
