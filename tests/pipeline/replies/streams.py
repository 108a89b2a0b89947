"""Builders for streams that can be resumed, and ways to look into them."""

from __future__ import annotations

from twisted.internet.task import Clock

from instantly_mcp._json_codec import Json, loads
from instantly_mcp.pipeline.replies.channel import Channel, Event
from instantly_mcp.pipeline.replies.resumable import ResumableStream
from instantly_mcp.pipeline.replies.retention import Retention, StreamLog


def read(channel: Channel) -> list[Event]:
    """Return a list that fills with what the channel carries."""
    events: list[Event] = []
    channel.attach(events.append, lambda: None)
    return events


def payloads(events: list[Event]) -> list[Json]:
    """Return what the events say."""
    return [loads(event.data) for event in events if event.data]


def make_log(clock: Clock | None = None) -> StreamLog:
    """Return the log of a session that shares its bounds with no other."""
    return StreamLog(Retention(Clock() if clock is None else clock))


def make_stream(primed: bool = False) -> ResumableStream:
    """Return the only stream of a session."""
    return make_log().new(primed)


def lost(log: StreamLog) -> ResumableStream:
    """Return a stream whose connection is gone while its call still runs."""
    stream = log.new(primed=False, is_answer=True)
    stream.open().abandon()
    return stream


def is_kept(log: StreamLog, stream: ResumableStream) -> bool:
    """Say whether the stream can be resumed."""
    return log.find(f"{stream.id}_0") is not None
