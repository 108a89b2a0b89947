"""Formats the results as text and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .enduring import Lap
from .holding import Holding
from .measures import BURST, Cost, Pair

_HEAD = (
    "request", "conns",
    "req/s", "Klein", "p50 ms", "Klein", "p99 ms", "Klein",
    "time", "CPU", "instr", "target",
    "k instr", "Klein",
)  # fmt: skip


def comparison(pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield the lines of the main table."""
    rows = [_HEAD, *(_row(pair) for pair in pairs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    yield "Each request compared with a bare Klein route that returns the same bytes."
    yield "time, CPU and instr are the daemon's cost as a multiple of Klein's."
    yield ""
    for row in rows:
        first = row[0].ljust(widths[0])
        rest = (
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
        )
        yield "  ".join((first, *rest)).rstrip()


def _row(pair: Pair) -> tuple[str, ...]:
    ours, theirs = pair.daemon, pair.reference
    return (
        pair.question.label,
        str(pair.connections),
        f"{ours.rate:.0f}",
        f"{theirs.rate:.0f}",
        f"{ours.p50 * 1000:.2f}",
        f"{theirs.p50 * 1000:.2f}",
        f"{ours.p99 * 1000:.2f}",
        f"{theirs.p99 * 1000:.2f}",
        _ratio(theirs.rate, ours.rate),
        _ratio(ours.cpu, theirs.cpu),
        _ratio(ours.instructions, theirs.instructions),
        f"{pair.question.target:.2f}",
        _thousands(ours.instructions),
        _thousands(theirs.instructions),
    )


def together(ours: Cost, theirs: Cost, delay: float) -> Iterator[str]:
    """Yield the results of many calls at once."""
    yield (
        f"{BURST} calls at once over an upstream that takes {delay * 1000:.0f} ms: "
        f"{ours.rate:.0f} requests/s, Klein with treq {theirs.rate:.0f}: "
        f"{_ratio(ours.rate, theirs.rate)} times as many (target: at least 1.00), at"
        f" {_ratio(ours.cpu, theirs.cpu)} times the CPU a call;"
        f" p99 {ours.p99 * 1000:.0f} ms, Klein {theirs.p99 * 1000:.0f} ms."
    )


def holding(found: Holding) -> Iterator[str]:
    """Yield the memory of sessions and streams."""
    yield (
        f"Ready in {found.ready_in:.2f} s. Memory after start"
        f" {found.after_start / 1e6:.1f} MB (target: at most 100), after"
        f" {found.requests} pings and {found.held} sessions and streams"
        f" {found.after_load / 1e6:.1f} MB."
    )
    yield (
        f"Each of {found.held} sessions {found.by_session / 1000:.1f} kB; each idle"
        f" event stream {found.by_stream / 1000:.1f} kB (target: at most 12),"
        f" a bare Klein stream {found.by_reference_stream / 1000:.1f} kB."
    )
    yield (
        f"A ping costs {found.with_sessions:.2f} times as much with {found.held} more"
        f" sessions, {found.with_crowd:.2f} times as much with {found.crowd}, and"
        f" {found.with_streams:.2f} times as much with {found.held} open streams"
        " (target: no growth)."
    )


def enduring(laps: Iterable[Lap]) -> Iterator[str]:
    """Yield the state of the daemon after each lap of mixed requests."""
    yield "Pings, lists, calls, sessions and streams, mixed (target: no growth)."
    yield ""
    yield "requests  memory MB  files  ping CPU us"
    for lap in laps:
        yield (
            f"{lap.requests:8}  {lap.memory / 1e6:9.1f}  {lap.files:5}"
            f"  {lap.ping * 1e6:11.0f}"
        )


def _ratio(value: float, base: float) -> str:
    return f"{value / base:.2f}" if value and base else "-"


def _thousands(count: float) -> str:
    return f"{count / 1000:.0f}" if count else "-"
