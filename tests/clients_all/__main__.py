"""``python -m tests.clients_all [KEY…]``: drive clients, and write the table.

Installs each client first, unless it is there. Ends with status 1 if a stage fails.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from twisted.internet.task import react

from instantly_mcp._deferred import deferred

from .clients import CLIENTS, ThirdPartyClient
from .environments import NotInstallable, install
from .report import DOCUMENT, cells_of, line_of, not_installed, with_rows
from .stages import Row, perform


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients_all")
    keys = [client.key for client in CLIENTS]
    parser.add_argument("keys", nargs="*", metavar="KEY", help=", ".join(keys))
    parser.add_argument("--no-write", action="store_true", help="print the table only")
    options = parser.parse_args(words)
    if unknown := set(options.keys) - set(keys):
        parser.error(f"there is no client {', '.join(sorted(unknown))}")
    return options


async def rows_of(client: ThirdPartyClient) -> list[Row]:
    """Install a client and drive it over each of its transports."""
    try:
        install(client)
    except NotInstallable as error:
        sys.stdout.write(f"{client.title} cannot be installed: {error}\n")
        return [not_installed(client, path) for path in client.paths]
    rows = []
    for path in client.paths:
        rows.append(await perform(client, path))
        show(rows[-1])
    return rows


def show(row: Row) -> None:
    """Print a row, and the notes of its outcomes."""
    sys.stdout.write(f"{line_of(cells_of(row))}\n")
    for stage, outcome in row.outcomes.items():
        if outcome.note:
            sys.stdout.write(f"    {stage}: {outcome.said}: {outcome.note}\n")
    sys.stdout.flush()


@deferred
async def main(reactor: Any, options: argparse.Namespace) -> None:
    """Drive the clients that were named, or all.

    :raises SystemExit: when a stage failed.
    """
    rows: list[Row] = []
    for client in CLIENTS:
        if client.key in options.keys or not options.keys:
            rows += await rows_of(client)
    if not options.no_write:
        document = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(with_rows(document, rows), encoding="utf-8")
    failures = [line for row in rows for line in row.failures]
    sys.stdout.write(f"{len(rows)} rows, {len(failures)} stages failed\n")
    raise SystemExit(int(bool(failures)))


if __name__ == "__main__":
    react(main, [arguments(sys.argv[1:])])
