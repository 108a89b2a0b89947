"""The limits of HTTP connections and requests."""

from __future__ import annotations

from attrs import frozen

from ...pipeline.channel import MAX_BACKLOG_BYTES


@frozen(kw_only=True)
class WebLimits:
    """Sizes in bytes, times in seconds.

    :param body: a larger request body is refused, by its length or while it arrives.
    :param held_bodies: all bodies being received at one time, over all connections.
    :param head: request line and header lines together.
    :param line: one header line.
    :param target: the request target (path and query).
    :param headers: number of header lines.
    :param head_deadline: for a whole head, from its first byte (the first head of a
        connection: from the connection's start).
    :param body_deadline: for a whole body, from the end of its head.
    :param keep_alive: an idle connection is closed after this time.
    :param last_request: when the daemon drains, an idle connection stays open for this
        time, because a request may be on its way.
    :param linger: a refused client may go on sending for this time, so that it reads
        the refusal before the connection is reset.
    :param connections: number of connections that are served. When it is reached, the
        longest-idle connection is closed; if none is idle, a new connection is crowded:
        only probes are answered on it, other requests get 503.
    :param queue: number of crowded connections. Beyond it the oldest is closed.
    :param queue_deadline: for the head on a crowded connection.
    :param closing: number of crowded connections that are being closed. Beyond it a new
        connection is refused before anything is read.
    :param backlog: bytes that a stream's client may leave unread.
    :param unread_events_bytes: all backlogs together. Beyond it the stream that has had
        a backlog for longest is dropped.
    :param unread_answers_bytes: unread bytes in the buffers of all connections; see
        `UnreadAnswers`.
    :param unsent_in_kernel_bytes: bytes of one connection that the kernel has not sent
        yet, without those that are not acknowledged yet.
    :param write_stall_seconds: a connection whose client reads nothing of what was
        written is aborted after this time.
    :param unparsed: bytes of later requests that are read during an answer before
        reading is paused. The last read may exceed it.
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
    backlog: int = MAX_BACKLOG_BYTES
    unread_events_bytes: int = 64 * 1024 * 1024
    unread_answers_bytes: int = 128 * 1024 * 1024
    unsent_in_kernel_bytes: int = 128 * 1024
    write_stall_seconds: float = 60.0
    unparsed: int = 16 * 1024
