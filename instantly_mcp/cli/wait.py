"""``instantly-mcp wait``: waits until a server is ready, for scripts."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.python import usage

from ..daemon.sandbox.client import UnreachableError, Waiting, address_in, base_of
from ..daemon.settings.errors import report
from .options import FILE, CommandOptions

NOT_READY = 1
"""The exit status when the server is not ready in time."""


class WaitOptions(CommandOptions):
    """The options of ``wait``."""

    synopsis = "instantly-mcp wait (--url URL | --ready-file FILE) [--timeout SECONDS]"
    longdesc = (
        "Waits until run or sandbox listens and is ready, and prints its address. Exit "
        "status: 0 if it is ready, 1 if it is not in time; then the reason is printed."
    )
    examples = ("instantly-mcp wait --ready-file ready.json --timeout 10",)
    takes = {"ready-file": FILE}
    optParameters = [
        ["url", None, None, "The address of the server."],
        ["ready-file", None, None, "The ready file of the server, in place of --url."],
        ["timeout", None, "10", "How long to wait, in seconds."],
    ]

    def postOptions(self) -> None:
        """Check the options.

        :raises usage.UsageError: for no address or two, or a bad number.
        """
        if bool(self["url"]) == bool(self["ready-file"]):
            raise usage.UsageError("give --url or --ready-file")
        try:
            self.seconds = float(self["timeout"])
        except ValueError:
            self.seconds = -1.0
        if not 0 <= self.seconds <= 3600:
            raise usage.UsageError("--timeout must be a number from 0 to 3600")

    def run(self) -> int:
        """Wait; return the exit status."""
        try:
            print(Waiting(self._address, self.seconds).run())
        except UnreachableError as error:
            report([str(error)], sys.stderr)
            return NOT_READY
        return 0

    def _address(self) -> str:
        if self["url"]:
            return base_of(self["url"])
        return address_in(Path(self["ready-file"]))
