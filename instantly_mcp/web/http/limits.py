"""The limits of HTTP connections and requests."""

from __future__ import annotations

from attrs import frozen

from ...pipeline.replies.channel import MAX_BACKLOG_BYTES


@frozen(kw_only=True)
class WebLimits:
    """Sizes in bytes, times in seconds.

    :param body_bytes: a larger request body is refused, by its length or while it
        arrives.
    :param all_bodies_bytes: all bodies being received at one time, over all
        connections.
    :param head_bytes: request line and header lines together.
    :param line_bytes: one header line.
    :param target_bytes: the request target (path and query).
    :param header_lines: number of header lines.
    :param head_seconds: for a whole head, from its first byte (the first head of a
        connection: from the connection's start).
    :param body_seconds: for a whole body, from the end of its head.
    :param keep_alive_seconds: an idle connection is closed after this time.
    :param last_request_seconds: when the daemon drains, an idle connection stays open
        for this time, because a request may be on its way.
    :param linger_seconds: a refused client may go on sending for this time, so that it
        reads the refusal before the connection is reset.
    :param connections: number of connections that are served. When it is reached, the
        longest-idle connection is closed; if none is idle, a new connection is crowded:
        only probes are answered on it, other requests get 503.
    :param crowded_connections: number of crowded connections. Beyond it the oldest is
        closed.
    :param crowded_head_seconds: for the head on a crowded connection.
    :param closing_connections: number of crowded connections that are being closed.
        Beyond it a new connection is refused before anything is read.
    :param backlog_bytes: bytes that a stream's client may leave unread.
    :param unread_events_bytes: all backlogs together. Beyond it the stream that has had
        a backlog for longest is dropped.
    :param unread_answers_bytes: unread bytes in the buffers of all connections; see
        `UnreadAnswers`.
    :param unsent_in_kernel_bytes: bytes of one connection that the kernel has not sent
        yet, without those that are not acknowledged yet.
    :param write_stall_seconds: a connection whose client reads nothing of what was
        written is aborted after this time.
    :param unparsed_bytes: bytes of later requests that are read during an answer before
        reading is paused. The last read may exceed it.
    """

    body_bytes: int = 10 * 1024 * 1024
    all_bodies_bytes: int = 256 * 1024 * 1024
    head_bytes: int = 32 * 1024
    line_bytes: int = 16 * 1024
    target_bytes: int = 8 * 1024
    header_lines: int = 100
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    keep_alive_seconds: float = 125.0
    last_request_seconds: float = 1.0
    linger_seconds: float = 2.0
    connections: int = 1000
    crowded_connections: int = 256
    crowded_head_seconds: float = 2.0
    closing_connections: int = 256
    backlog_bytes: int = MAX_BACKLOG_BYTES
    unread_events_bytes: int = 64 * 1024 * 1024
    unread_answers_bytes: int = 128 * 1024 * 1024
    unsent_in_kernel_bytes: int = 128 * 1024
    write_stall_seconds: float = 60.0
    unparsed_bytes: int = 16 * 1024
