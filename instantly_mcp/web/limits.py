"""Every bound of the HTTP edge, as one frozen value. Knows no settings file."""

from __future__ import annotations

from attrs import frozen

from ..pipeline.channel import MAX_BACKLOG


@frozen(kw_only=True)
class WebLimits:
    """Sizes in bytes, times in seconds.

    :param body: a larger request body is refused, by its length or while it arrives.
    :param held_bodies: all bodies being received at one time, over all connections.
    :param head: request line and header lines together.
    :param line: one header line.
    :param target: the request target (path and query).
    :param headers: number of header lines.
    :param head_deadline: for a whole head, from its first byte (or the connection).
    :param body_deadline: for a whole body, from the end of its head.
    :param keep_alive: an idle connection is closed after this time.
    :param last_request: when the daemon drains, an idle connection has so long for a
        request that is on its way.
    :param linger: a refused client may finish sending for this time, so that it reads
        the refusal before the connection is reset.
    :param connections: beyond this number the one that has been idle for longest makes
        way; if all are at work, only probes are served.
    :param queue: so many more are read far enough to be refused politely; the oldest
        makes way for the next.
    :param queue_deadline: for the head on such a connection.
    :param closing: so many of those that made way may be closing; while they are more,
        whoever comes is refused unread.
    :param backlog: bytes that a stream's client may leave unread.
    :param unread_events_bytes: all backlogs together; beyond that the stream that has
        been behind for longest is dropped.
    :param unread_answers_bytes: in the buffers of all connections that are behind; see
        `UnreadAnswers` for what happens beyond.
    :param unsent_in_kernel_bytes: of each connection; what is under way comes on top.
    :param write_stall_seconds: a connection whose client takes nothing of what was
        written is aborted after this time.
    :param unparsed: bytes that are read behind a request that is not answered yet,
        before reading is paused. What one read brings may be on top.
    """

    body: int = 10 * 1024 * 1024
    held_bodies: int = 256 * 1024 * 1024
    head: int = 32 * 1024
    line: int = 16 * 1024
    target: int = 8 * 1024
    headers: int = 100
    head_deadline: float = 10.0
    body_deadline: float = 30.0
    keep_alive: float = 125.0
    last_request: float = 1.0
    linger: float = 2.0
    connections: int = 1000
    queue: int = 256
    queue_deadline: float = 2.0
    closing: int = 256
    backlog: int = MAX_BACKLOG
    unread_events_bytes: int = 64 * 1024 * 1024
    unread_answers_bytes: int = 128 * 1024 * 1024
    unsent_in_kernel_bytes: int = 128 * 1024
    write_stall_seconds: float = 60.0
    unparsed: int = 16 * 1024
