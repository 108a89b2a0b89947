"""Measures whether memory or cost grows over many mixed requests.

One daemon gets pings, lists, calls, short sessions and short streams, in laps of equal
size. After each lap its memory, its open files and the cost of a ping are measured.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import define, frozen

from .load import Client
from .measures import ENDPOINT, open_sessions, session_of
from .messages import (
    CALL,
    INITIALIZE,
    KEYS,
    LIST,
    PING,
    SESSION_HEADER,
    Question,
    asked_by_all,
    event_stream,
    post,
    session_end,
)
from .processes import Load, Served, Stage

LAPS = 10
_CONNECTIONS = 16
_SHARES = ((PING, 40), (LIST, 20), (CALL, 20))
"""Percent of a lap; the rest are sessions and streams, two requests each."""
_COMINGS = 5
_OPENINGS = 10
_SETTLING_SECONDS = 0.5


@frozen
class Lap:
    """The state of the daemon after a lap.

    :param requests: number of requests since the first lap.
    :param memory: resident bytes.
    :param files: open file descriptors.
    :param ping: seconds of processor time for a ping.
    """

    requests: int
    memory: int
    files: int
    ping: float


@define(eq=False)
class _Mix:
    """One daemon under a mix of requests."""

    daemon: Served
    load: Load
    sessions: Sequence[str]

    def lap(self, requests: int) -> float:
        """Send a lap of requests; return the processor time of a ping in seconds."""
        ping = 0.0
        for question, share in _SHARES:
            before = self.daemon.cpu()
            count = max(1, requests * share // 100)
            self._ask(question, count)
            if question is PING:
                ping = (self.daemon.cpu() - before) / count
        self._come_and_go(max(1, requests * _COMINGS // 100))
        self._open_and_close(max(1, requests * _OPENINGS // 100))
        return ping

    def _ask(self, question: Question, count: int) -> None:
        texts = asked_by_all(ENDPOINT, question, self.sessions)
        self.load.run(self.daemon.port, texts, _CONNECTIONS, count)

    def _come_and_go(self, count: int) -> None:
        """Open sessions and end each with a DELETE."""
        client = Client(self.daemon.port)
        for number in range(count):
            key = {"x-instantly-api-key": KEYS[number % len(KEYS)]}
            opened = session_of(client.exchange(post(ENDPOINT, INITIALIZE, key)))
            headers = {**key, SESSION_HEADER: opened}
            ended = client.exchange(session_end(ENDPOINT, headers))
            if ended[9:12] != b"204":
                raise RuntimeError(f"a session was not ended: {ended!r}")
        client.socket.close()

    def _open_and_close(self, count: int) -> None:
        """Open event streams and close each connection."""
        for number in range(count):
            index = number % len(KEYS)
            headers = {
                "x-instantly-api-key": KEYS[index],
                SESSION_HEADER: self.sessions[index],
            }
            client = Client(self.daemon.port)
            client.open_stream(event_stream(ENDPOINT, headers))
            client.socket.close()


def endure(folder: Path, requests: int) -> Iterator[Lap]:
    """Send the mix in laps; yield the state of the daemon after each.

    A lap before these fills caches and pools, and is not reported.
    """
    with Stage(folder) as stage, Load() as load:
        daemon = stage.daemon(stage.upstream())
        mix = _Mix(daemon, load, open_sessions(daemon, KEYS))
        size = max(1, requests // LAPS)
        mix.lap(size)
        for number in range(LAPS):
            ping = mix.lap(size)
            # The daemon may need a moment to notice closed connections.
            time.sleep(_SETTLING_SECONDS)
            yield Lap((number + 1) * size, daemon.memory(), daemon.files(), ping)
