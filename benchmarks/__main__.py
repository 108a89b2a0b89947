"""``python -m benchmarks``: one run, one report."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from . import report
from .counters import choose_counter
from .enduring import endure
from .holding import hold
from .measures import Amounts, burst, compare

UPSTREAM_SECONDS = 0.05


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything and print the tables."""
    given = _parser().parse_args(arguments)
    # So that whoever is ended takes what it started along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    amounts = Amounts(
        connections=given.connections,
        requests=given.requests,
        rounds=given.rounds,
        counted=given.counted,
        held=given.held,
        crowd=max(given.crowd, given.held),
        mixed=given.mixed,
    )
    with TemporaryDirectory(prefix="benchmarks-") as name:
        folder = Path(name)
        counter = choose_counter(given.counter, folder)
        if counter is None:
            _tell("neither perf nor valgrind works here: no instructions are counted")
        _print(report.comparison(compare(folder / "pairs", amounts, counter, _tell)))
        _tell("many calls at once")
        together = burst(folder / "burst", amounts, UPSTREAM_SECONDS)
        _print(report.together(*together, UPSTREAM_SECONDS))
        _tell("sessions and streams")
        _print(report.holding(hold(folder / "holding", amounts)))
        _tell("mixed requests")
        _print(report.enduring(endure(folder / "mixed", amounts.mixed)))


def _parser() -> argparse.ArgumentParser:
    usual = Amounts()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--connections", type=int, nargs="+", default=list(usual.connections))
    add("--requests", type=int, default=usual.requests, help="a round, by the clock")
    add("--rounds", type=int, default=usual.rounds)
    add("--counted", type=int, default=usual.counted, help="requests counted")
    add("--held", type=int, default=usual.held, help="sessions and streams held")
    add("--crowd", type=int, default=usual.crowd, help="sessions held at last")
    add("--mixed", type=int, default=usual.mixed, help="requests to see what grows")
    add(
        "--counter",
        choices=("auto", "perf", "callgrind", "none"),
        default="auto",
        help="how instructions are counted",
    )
    return parser


def _tell(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
    print(flush=True)


if __name__ == "__main__":
    main()
