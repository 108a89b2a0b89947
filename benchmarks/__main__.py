"""``python -m benchmarks``: runs all measurements and prints a report."""

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
    """Run all measurements and print their results."""
    given = _parser().parse_args(arguments)
    # Exit normally on SIGTERM, so that the processes started here are ended, too.
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
            _tell("neither perf nor valgrind works here: instructions are not counted")
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
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare the daemon with a bare Klein application.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for name, value, text in (
        ("--requests", usual.requests, "requests in each timed round"),
        ("--rounds", usual.rounds, "timed rounds"),
        ("--counted", usual.counted, "requests whose instructions are counted"),
        ("--held", usual.held, "sessions and streams held open"),
        ("--crowd", usual.crowd, "sessions held in the last measurement"),
        ("--mixed", usual.mixed, "mixed requests in the search for growth"),
    ):
        parser.add_argument(name, type=int, default=value, help=text)
    parser.add_argument(
        "--connections",
        type=int,
        nargs="+",
        default=list(usual.connections),
        help="numbers of connections",
    )
    parser.add_argument(
        "--counter",
        choices=("auto", "perf", "callgrind", "none"),
        default="auto",
        help="how to count instructions",
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
