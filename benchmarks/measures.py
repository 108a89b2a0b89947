"""Sends the same requests to the daemon and the references, and measures their cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from attrs import define, evolve, field, frozen

from .counters import Counter
from .load import Client
from .messages import (
    CALL,
    INITIALIZE,
    KEYS,
    QUESTIONS,
    SESSION_HEADER,
    Question,
    asked_by_all,
    post,
)
from .processes import Load, Served, Stage

ENDPOINT = "/mcp"
BURST = 256


@frozen(kw_only=True)
class Cost:
    """The cost of one request on one server.

    :param rate: requests a second.
    :param cpu: seconds of processor time.
    :param instructions: in user space; 0 where they were not counted.
    """

    rate: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    cpu: float = 0.0
    instructions: float = 0.0


@frozen(kw_only=True)
class Pair:
    """The costs of the daemon and of its reference."""

    question: Question
    connections: int
    daemon: Cost
    reference: Cost


@frozen(kw_only=True)
class Amounts:
    """The amounts to measure.

    :param connections: the numbers of connections, measured one after the other.
    :param requests: number of requests in a timed round, for each server.
    :param rounds: number of timed rounds; the medians are reported.
    :param counted: number of requests whose instructions are counted.
    :param held: number of sessions, and of event streams, that are held open.
    :param crowd: number of sessions in the last measurement, at most 100,000.
    :param mixed: number of mixed requests in the search for growth.
    """

    connections: Sequence[int] = (1, 16, 64)
    requests: int = 600
    rounds: int = 3
    counted: int = 200
    held: int = 5000
    crowd: int = 20_000
    mixed: int = 20_000


@define(eq=False)
class Comparison:
    """A daemon, the references and a load generator, ready to be compared."""

    daemon: Served
    references: Served
    load: Load
    sessions: Sequence[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Open a session for every caller."""
        self.sessions = open_sessions(self.daemon, KEYS)

    def texts(self, question: Question) -> tuple[Sequence[bytes], Sequence[bytes]]:
        """Return the requests for the daemon and for the reference."""
        return (
            asked_by_all(ENDPOINT, question, self.sessions),
            asked_by_all(question.path, question, self.sessions),
        )

    def timed(
        self, question: Question, connections: int, amounts: Amounts
    ) -> tuple[Cost, Cost]:
        """Measure times on both servers alternately; return the medians."""
        ours, theirs = self.texts(question)
        found: tuple[list[Cost], list[Cost]] = ([], [])
        for part in (amounts.requests // 4 or 1, *(amounts.requests,) * amounts.rounds):
            found[0].append(self._run(self.daemon, ours, connections, part))
            found[1].append(self._run(self.references, theirs, connections, part))
        # The first, shorter round only warms up.
        return _median(found[0][1:]), _median(found[1][1:])

    def counted(
        self, question: Question, connections: int, amounts: Amounts, counter: Counter
    ) -> tuple[float, float]:
        """Count the instructions of one request on each side."""
        found = []
        for server, texts in zip(
            (self.daemon, self.references), self.texts(question), strict=True
        ):
            warm = max(2 * connections, amounts.counted // 4)
            self._run(server, texts, connections, warm)
            counter.begin(server.pid)
            self._run(server, texts, connections, amounts.counted)
            found.append(counter.end(server.pid) / amounts.counted)
        return found[0], found[1]

    def _run(
        self, server: Served, texts: Sequence[bytes], connections: int, requests: int
    ) -> Cost:
        before = server.cpu()
        outcome = self.load.run(server.port, texts, connections, requests)
        return Cost(
            rate=outcome["rate"],
            p50=outcome["p50"],
            p99=outcome["p99"],
            cpu=(server.cpu() - before) / requests,
        )


def open_sessions(daemon: Served, keys: Sequence[str]) -> Sequence[str]:
    """Open one session for each of the keys; return their ids."""
    client = Client(daemon.port)
    found = []
    for key in keys:
        request = post(ENDPOINT, INITIALIZE, {"x-instantly-api-key": key})
        found.append(session_of(client.exchange(request)))
    client.socket.close()
    return found


def keep_bodies(daemon: Served, folder: Path) -> None:
    """Write the answers of the daemon to files, which the references serve."""
    folder.mkdir()
    sessions = open_sessions(daemon, KEYS)
    client = Client(daemon.port)
    for question in QUESTIONS:
        if question is not CALL:
            text = asked_by_all(ENDPOINT, question, sessions)[0]
            response = client.exchange(text)
            if b'"result":' not in response:
                raise RuntimeError(f"{question.label}: {response!r}")
            body = response.partition(b"\r\n\r\n")[2]
            (folder / question.path[1:]).write_bytes(body)
    client.socket.close()


def compare(
    folder: Path,
    amounts: Amounts,
    counter: Counter | None,
    tell: Callable[[str], None],
) -> Sequence[Pair]:
    """Measure every question at every number of connections."""
    bodies = folder / "bodies"
    with Stage(folder) as stage, Load() as load:
        upstream = stage.upstream()
        daemon = stage.daemon(upstream)
        keep_bodies(daemon, bodies)
        both = Comparison(daemon, stage.references(bodies, upstream), load)
        pairs = [_timed(both, *cell, amounts, tell) for cell in _cells(amounts)]
    if counter is None:
        return pairs
    with Stage(folder / "counted") as stage, Load() as load:
        upstream = stage.upstream()
        daemon = stage.daemon(upstream, counter)
        references = stage.references(bodies, upstream, counter)
        both = Comparison(daemon, references, load)
        return [_counted(both, pair, amounts, counter, tell) for pair in pairs]


def burst(folder: Path, amounts: Amounts, delay: float) -> tuple[Cost, Cost]:
    """Measure 256 parallel tool calls over an upstream with a delay in seconds."""
    with Stage(folder) as stage, Load() as load:
        upstream = stage.upstream(delay)
        bodies = folder / "none"
        bodies.mkdir()
        references = stage.references(bodies, upstream)
        both = Comparison(stage.daemon(upstream), references, load)
        several = evolve(amounts, requests=max(BURST, 2 * amounts.requests))
        return both.timed(CALL, BURST, several)


def _cells(amounts: Amounts) -> Iterator[tuple[Question, int]]:
    for question in QUESTIONS:
        for connections in amounts.connections:
            yield question, connections


def _timed(
    both: Comparison,
    question: Question,
    connections: int,
    amounts: Amounts,
    tell: Callable[[str], None],
) -> Pair:
    tell(f"{question.label}, {connections} connections")
    daemon, reference = both.timed(question, connections, amounts)
    return Pair(
        question=question, connections=connections, daemon=daemon, reference=reference
    )


def _counted(
    both: Comparison,
    pair: Pair,
    amounts: Amounts,
    counter: Counter,
    tell: Callable[[str], None],
) -> Pair:
    tell(f"{pair.question.label}, {pair.connections} connections, instructions")
    ours, theirs = both.counted(pair.question, pair.connections, amounts, counter)
    return evolve(
        pair,
        daemon=evolve(pair.daemon, instructions=ours),
        reference=evolve(pair.reference, instructions=theirs),
    )


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        rate=median(cost.rate for cost in costs),
        p50=median(cost.p50 for cost in costs),
        p99=median(cost.p99 for cost in costs),
        cpu=median(cost.cpu for cost in costs),
    )


def session_of(response: bytes) -> str:
    """Return the session id in a response.

    :raises RuntimeError: when it has none.
    """
    head = response.partition(b"\r\n\r\n")[0].decode("latin-1")
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == SESSION_HEADER.lower():
            return value.strip()
    raise RuntimeError(f"no {SESSION_HEADER} in {head!r}")
