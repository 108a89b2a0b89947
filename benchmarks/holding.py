"""Measures memory: after start, of a session, and of an idle event stream.

Also measures whether a ping costs more when many of them are open.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from attrs import define, field, frozen

from .load import Client
from .measures import ENDPOINT, Amounts, open_sessions
from .messages import KEYS, PING, SESSION_HEADER, asked_by_all, event_stream
from .processes import Load, Served, Stage

_CONNECTIONS = 16


@frozen(kw_only=True)
class Holding:
    """The results. Sizes are in bytes; costs are ratios of processor time.

    :param ready_in: seconds from the start of the process until it listened.
    :param after_start: resident memory after the start.
    :param after_load: resident memory after all requests of this measurement.
    :param requests: the number of these requests.
    :param by_session: memory of one session.
    :param by_stream: memory of one idle event stream, without its session.
    :param by_reference_stream: the same of a bare Klein stream.
    :param with_sessions: cost of a ping with all sessions, as a multiple of a few.
    :param with_crowd: the same with `crowd` sessions.
    :param with_streams: cost of a ping with all streams, as a multiple of none.
    """

    held: int
    crowd: int
    ready_in: float
    after_start: int
    after_load: int
    requests: int
    by_session: float
    by_stream: float
    by_reference_stream: float
    with_sessions: float
    with_crowd: float
    with_streams: float


@define(eq=False)
class _Streams:
    """Open event streams."""

    _clients: list[Client] = field(factory=list)

    def open(self, server: Served, requests: Sequence[bytes]) -> float:
        """Open a stream for each request; return the bytes of memory of each."""
        before = server.memory()
        for request in requests:
            client = Client(server.port)
            self._clients.append(client)
            client.open_stream(request)
        return (server.memory() - before) / len(requests)

    def close(self) -> None:
        """Close all streams."""
        for client in self._clients:
            client.socket.close()


def hold(folder: Path, amounts: Amounts) -> Holding:
    """Measure a daemon with many open sessions and streams."""
    with Stage(folder) as stage, Load() as load:
        upstream = stage.upstream()
        bodies = folder / "none"
        bodies.mkdir()
        daemon = stage.daemon(upstream)
        references = stage.references(bodies, upstream)
        after_start = daemon.memory()
        first = open_sessions(daemon, KEYS)
        pings = asked_by_all(ENDPOINT, PING, first)
        few = _ping_cost(daemon, load, pings, amounts)
        before = daemon.memory()
        keys = _keys(amounts.held)
        sessions = open_sessions(daemon, keys)
        by_session = (daemon.memory() - before) / len(sessions)
        many = _ping_cost(daemon, load, pings, amounts)
        streams = _Streams()
        by_stream = streams.open(daemon, _stream_requests(keys, sessions))
        bare = [event_stream("/stream", {})] * amounts.held
        by_reference_stream = streams.open(references, bare)
        streaming = _ping_cost(daemon, load, pings, amounts)
        streams.close()
        open_sessions(daemon, _keys(amounts.crowd - amounts.held))
        crowded = _ping_cost(daemon, load, pings, amounts)
        return Holding(
            held=amounts.held,
            crowd=amounts.crowd,
            ready_in=daemon.started_in,
            after_start=after_start,
            after_load=daemon.memory(),
            requests=4 * (amounts.rounds + 1) * amounts.requests,
            by_session=by_session,
            by_stream=by_stream,
            by_reference_stream=by_reference_stream,
            with_sessions=_ratio(many, few),
            with_crowd=_ratio(crowded, few),
            with_streams=_ratio(streaming, many),
        )


def _keys(count: int) -> Sequence[str]:
    return [KEYS[number % len(KEYS)] for number in range(count)]


def _stream_requests(keys: Sequence[str], sessions: Sequence[str]) -> Sequence[bytes]:
    return [
        event_stream(ENDPOINT, {"x-instantly-api-key": key, SESSION_HEADER: session})
        for key, session in zip(keys, sessions, strict=True)
    ]


def _ping_cost(
    daemon: Served, load: Load, pings: Sequence[bytes], amounts: Amounts
) -> float:
    """Return the median processor time of one ping; the first round warms up."""
    found = []
    for _ in range(amounts.rounds + 1):
        before = daemon.cpu()
        load.run(daemon.port, pings, _CONNECTIONS, amounts.requests)
        found.append((daemon.cpu() - before) / amounts.requests)
    return median(found[1:])


def _ratio(value: float, base: float) -> float:
    return value / base if base else 0.0
