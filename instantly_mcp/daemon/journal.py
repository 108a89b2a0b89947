"""The log: text or one JSON object a line, redacted, and never in the way.

A disk that is full or a folder that is gone costs log lines, which are counted, and
never an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeAlias

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    formatEvent,
)
from zope.interface import implementer

from .._json import Json, dumps
from .mistakes import Mistakes
from .redaction import Redactor

if TYPE_CHECKING:
    from .settings import Settings

_PLAIN = (str, int, float, type(None))
"""What JSON has a word for. (A union would be made anew at each look.)"""

Format: TypeAlias = Callable[[LogEvent], str | None]


class LineFile:
    """Appends lines to a stream, or to a file that can be opened again."""

    def __init__(self, stream: TextIO | None, path: Path | None = None) -> None:
        self._stream = stream
        self._path = path
        self.dropped = 0
        if path is not None:
            self.reopen()

    @property
    def is_open(self) -> bool:
        """There is something to write to."""
        return self._stream is not None

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

    def __init__(
        self, file: LineFile, format: Format, redactor: Redactor, level: str = "debug"
    ) -> None:
        self.file = file
        self.redactor = redactor
        self._format = format
        least = LogLevel.levelWithName(level)
        self._written = {each for each in LogLevel.iterconstants() if not each < least}

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
    file = LineFile(None if settings.log_file else stream, settings.log_file)
    if not file.is_open:
        raise Mistakes(f"IMCP-LOG {settings.log_file} cannot be opened for writing")
    redactor = Redactor(settings.secrets())
    return Journal(file, FORMATS[settings.log_format], redactor, settings.log_level)


FORMATS: dict[str, Format] = {"text": as_text, "json": as_json}


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
