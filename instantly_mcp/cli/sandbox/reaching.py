"""What the commands have in common that reach a running sandbox."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.python import usage

from ...daemon.sandbox.client import (
    SandboxClient,
    UnreachableError,
    address_in,
    base_of,
)
from ...daemon.settings.errors import report
from ..options import FILE, CommandOptions

DEFAULT_NAMESPACE = "sandbox"
EX_UNAVAILABLE = 69
"""The exit status when the sandbox cannot be reached (as in sysexits.h)."""


class ReachOptions(CommandOptions):
    """Base class for the options of a command that reaches a sandbox.

    Commands say ``--namespace``, not ``--key``, so that real keys, which other users
    can read on a command line, are not written there.
    """

    takes = {"ready-file": FILE}
    optParameters = [
        ["url", None, None, "The address that the sandbox printed at its start."],
        ["ready-file", None, None, "The ready file of the sandbox, in place of --url."],
        [
            *("namespace", None, DEFAULT_NAMESPACE),
            "The workspace: the key of the agent, such as sandbox-job-1.",
        ],
    ]

    def postOptions(self) -> None:
        """Check the options.

        :raises usage.UsageError: for no address or two, or a foreign namespace.
        """
        if bool(self["url"]) == bool(self["ready-file"]):
            raise usage.UsageError("give --url or --ready-file")
        if not self["namespace"].startswith(DEFAULT_NAMESPACE):
            raise usage.UsageError("--namespace must begin with sandbox")

    def act(self, client: SandboxClient) -> int:
        """Do the work of the command; return the exit status.

        :raises UnreachableError: when the sandbox cannot be asked.
        """
        raise AssertionError(f"{type(self).__name__} does nothing")

    def run(self) -> int:
        """Run the command; return the exit status."""
        try:
            return self.act(SandboxClient(self._address(), self["namespace"]))
        except UnreachableError as error:
            report([str(error)], sys.stderr)
            return EX_UNAVAILABLE

    def _address(self) -> str:
        if self["url"]:
            return base_of(self["url"])
        return address_in(Path(self["ready-file"]))


def write_file(option: str, name: str, content: bytes) -> None:
    """Write a file that an option names.

    :raises usage.UsageError: when it cannot be written.
    """
    try:
        Path(name).write_bytes(content)
    except OSError as error:
        raise usage.UsageError(f"{option}: {name}: {error.strerror}") from None
