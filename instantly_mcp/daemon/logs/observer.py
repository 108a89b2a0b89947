"""The log of the daemon: one text line or one JSON object per event, redacted.

A log event travels like this:

1. A ``Logger`` emits a `twisted.logger.LogEvent`, a dict, on any thread.
2. `limits.LogLimits` passes it on, or only counts it if clients of the network can
   cause any number of events of its kind.
3. `LogObserver` drops events below ``log_level``, formats the rest as text or JSON, and
   `redaction.Redactor` removes secrets from the finished line.
4. `writer.LogWriter` queues the line, and its thread writes what is queued. Until the
   daemon has forked the lines only wait in the queue, because a thread does not survive
   a fork.
5. `line_file.LineFile` appends to the sink: a file, or standard error.

So a sink that is full, slow or gone costs log lines, never an answer to a client. The
metrics count the lines that are lost, and a line in the log reports their number.
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

from ..._json_codec import dumps
from ..._noop import noop
from ..settings.errors import ConfigurationError
from .line_file import LineFile, open_error
from .redaction import Redactor
from .writer import LogWriter

if TYPE_CHECKING:
    from ..settings.settings import Settings

_PLAIN = (str, int, float, type(None))
"""Types that JSON can express. (A union type would be built again at each check.)"""

_PROBLEMS = frozenset({"warn", "error", "critical"})

Format: TypeAlias = Callable[[LogEvent], str | None]


class LineSink(Protocol):
    """Takes finished lines: a `LineFile`, or a `LogWriter` in front of one."""

    @property
    def path(self) -> Path | None:
        """The log file; ``None`` for a stream."""

    @property
    def dropped_total(self) -> int:
        """Lines lost since the start."""

    def write(self, line: str) -> None:
        """Append a line, or count it as dropped."""

    def reopen(self) -> str | None:
        """Open the file again after it was renamed; return the error, if any."""


@implementer(ILogObserver)
class LogObserver:
    """The log observer of a running daemon: filters, formats and redacts events.

    :param file: takes the finished lines.
    :param format: makes a line of an event, or ``None`` to skip the event.
    :param redactor: removes secrets from each line.
    :param level: the least severe level that is written.
    :ivar on_warning: called with each line of level ``warn`` and above.
    """

    def __init__(
        self, file: LineSink, format: Format, redactor: Redactor, level: str = "debug"
    ) -> None:
        self.file = file
        self.redactor = redactor
        self.on_warning: Callable[[str], object] = noop
        self._format = format
        least = LogLevel.levelWithName(level)
        self._written = {
            each.name for each in LogLevel.iterconstants() if each >= least
        }

    @property
    def has_file(self) -> bool:
        """Whether lines go to a file, not to a stream such as standard error."""
        return self.file.path is not None

    def __call__(self, event: LogEvent) -> None:
        """Write one event, unless it is below the level."""
        level = _level(event)
        if level not in self._written:
            return
        line = self._format(event)
        if line is not None:
            line = self.redactor(line)
            self.file.write(line)
            if level in _PROBLEMS:
                self.on_warning(line)


def as_text(event: LogEvent) -> str | None:
    """Format an event for people: time, logger and message."""
    if "log_failure" not in event and "log_namespace" in event:
        message = _message(event)
        system = event.get("log_system") or (
            f"{event['log_namespace']}#{_level(event)}"
        )
        when = _utc(event.get("log_time"))
        return f"{when} [{system}] {message}".rstrip("\n") if message else None
    return eventAsText(event, formatTime=_utc).rstrip("\n") or None


def as_json(event: LogEvent) -> str | None:
    """Format an event as JSON: time, level, logger, message, and the event's fields."""
    record: dict[str, object] = {
        "time": _utc(event.get("log_time")),
        "level": _level(event),
        "logger": event.get("log_namespace", ""),
        "message": _message(event),
    }
    for name, value in event.items():
        if not name.startswith("log_") and isinstance(value, _PLAIN):
            record.setdefault(name, value)
    if "log_failure" in event:
        record["traceback"] = event["log_failure"].getTraceback()
    return dumps(record).decode("utf-8")


def open_log(settings: Settings, stream: TextIO) -> LogObserver:
    """Open the log that the settings describe.

    :param stream: where lines go unless the settings name a file.
    :raises ConfigurationError: when the log file cannot be opened.
    """
    path, format = settings.log_file, settings.log_format
    try:
        file = LineFile(stream, path, DROPPED_LINE_FORMATS[format])
    except OSError as error:
        raise ConfigurationError(open_error(path, error)) from None
    redactor = Redactor(settings.secrets())
    return LogObserver(file, FORMATS[format], redactor, settings.log_level)


FORMATS: dict[str, Format] = {"text": as_text, "json": as_json}


def write_in_background(observer: LogObserver) -> LogWriter:
    """Put a writer between an observer and its file, so that lines are only queued.

    :returns: the writer, which writes the lines once it is started.
    """
    assert isinstance(observer.file, LineFile)
    writer = LogWriter(observer.file)
    observer.file = writer
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


DROPPED_LINE_FORMATS: dict[str, Callable[[int], str]] = {
    "text": _dropped_as_text,
    "json": _dropped_as_json,
}


def _message(event: LogEvent) -> str:
    """Format the message as Twisted does; plain formats take a much faster path."""
    format = event.get("log_format")
    if isinstance(format, str) and "()" not in format and "log_flattened" not in event:
        try:
            return format.format_map(event)
        except Exception:
            return formatEvent(event)
    return formatEvent(event)


def _level(event: LogEvent) -> str:
    """Return the name of the event's level."""
    level = event.get("log_level") or LogLevel.info
    if level is LogLevel.info and event.get("log_namespace") == "log_legacy":
        # Twisted reports its ports through its old log; the daemon logs its own.
        return "debug"
    name: str = level.name
    return name


def _utc(when: float | None) -> str:
    if when is None:
        return "-"
    seconds = int(when // 1)
    return f"{_second(seconds)}.{int((when - seconds) * 1000):03}+00:00"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
