"""Runs the official conformance suite, as ``make conformance`` does.

Starts the fixture, sends every selection of the suite at it, and prints a table. The
folder ``--npm`` contains the suite and Node in the versions of ``package.json``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.timing import PATIENCE_SECONDS

from .not_on_stdio import remarks, without_http
from .verdict import Report, Selection, read, table

ROOT = Path(__file__).parent.parent.parent
SUITE = "@modelcontextprotocol/conformance/dist/index.js"
START_SECONDS = RUN_SECONDS = PATIENCE_SECONDS
LOOK_SECONDS = 0.05


def _suite_of(version: str) -> tuple[str, ...]:
    return ("--spec-version", version, "--suite", "all")


SELECTIONS = (
    Selection(
        name="requirements 2025-11-25",
        arguments=("--requirements", "2025-11-25"),
        expected=33,
    ),
    Selection(
        name="requirements 2026-07-28",
        arguments=("--requirements", "2026-07-28"),
        expected=50,
    ),
    Selection(
        name="2025-11-25, suite all", arguments=_suite_of("2025-11-25"), expected=33
    ),
    Selection(
        name="2026-07-28, suite all", arguments=_suite_of("2026-07-28"), expected=40
    ),
    Selection(
        name="2025-06-18, suite all", arguments=_suite_of("2025-06-18"), expected=27
    ),
    Selection(
        name="2025-03-26, suite all", arguments=_suite_of("2025-03-26"), expected=1
    ),
    Selection(name="suite all", arguments=("--suite", "all"), expected=65),
)


ON_STDIO = (
    Selection(
        name="stdio: requirements 2025-11-25",
        arguments=("--requirements", "2025-11-25"),
        expected=33,
    ),
    Selection(
        name="stdio: requirements 2026-07-28",
        arguments=("--requirements", "2026-07-28"),
        expected=50,
    ),
)
"""Sent to the fixture on stdio; `not_on_stdio` has what does not count of them."""


@contextmanager
def fixture(work: Path, module: str = "tests.conformance") -> Iterator[str]:
    """Run the fixture server inside the ``with`` block; yield its URL."""
    ready = work / f"{module}.json"
    command = [sys.executable, "-m", module, "--port", "0"]
    with (
        (work / f"{module}.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--ready-file", str(ready)],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield _url(ready, process)
        finally:
            process.terminate()


def _url(ready: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait for the ready file and its content."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if ready.exists() and (text := ready.read_text(encoding="utf-8")):
            return str(json.loads(text)["url"])
        time.sleep(LOOK_SECONDS)
    raise RuntimeError("the fixture does not start; see its log")


def run(selection: Selection, npm: Path, url: str, folder: Path) -> Report:
    """Run one selection of the suite on the server; return its report."""
    modules = npm / "node_modules"
    command = [str(modules / ".bin" / "node"), str(modules / SUITE), "server"]
    command += ["--url", url, *selection.arguments, "-o", str(folder)]
    with folder.with_suffix(".log").open("wb") as log:
        try:
            status = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=RUN_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            status = -1
    return read(selection, folder, status)


def main() -> int:
    """Run everything; return 0 when nothing failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.run")
    parser.add_argument("--npm", type=Path, required=True, help="where the suite is")
    parser.add_argument("--work", type=Path, required=True, help="folder for results")
    options = parser.parse_args()
    work: Path = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with fixture(work) as url:
        reports = [
            run(selection, options.npm.resolve(), url, work / f"run-{number}")
            for number, selection in enumerate(SELECTIONS, 1)
        ]
    with fixture(work, "tests.conformance.stdio_adapter") as url:
        reports += [
            without_http(
                run(selection, options.npm.resolve(), url, work / f"stdio-{number}")
            )
            for number, selection in enumerate(ON_STDIO, 1)
        ]
    sys.stdout.write("\n".join([*remarks(), table(reports), ""]))
    return int(any(report.failed for report in reports))


if __name__ == "__main__":
    sys.exit(main())
