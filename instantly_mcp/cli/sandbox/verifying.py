"""``instantly-mcp sandbox verify``: the simulation against Instantly's description."""

from __future__ import annotations

from pathlib import Path

from twisted.python import usage

from ...daemon.sandbox.checks import contract_differences
from ..options import FILE, CommandOptions

DIFFERENT = 1
"""The exit status when there is a difference."""


class VerifyOptions(CommandOptions):
    """The options of ``sandbox verify``."""

    synopsis = "instantly-mcp sandbox verify --openapi FILE"
    longdesc = (
        "Compares each simulated operation with Instantly's OpenAPI document: path, "
        "method, name and parameters. Exit status: 0 if they agree, 1 if not."
    )
    examples = ("instantly-mcp sandbox verify --openapi api_v2.json",)
    takes = {"openapi": FILE}
    optParameters = [["openapi", None, None, "The OpenAPI document, in JSON."]]

    def run(self) -> int:
        """Print the differences.

        :raises usage.UsageError: for no document, or one that cannot be used.
        """
        if not self["openapi"]:
            raise usage.UsageError("--openapi is required")
        try:
            count, lines = contract_differences(Path(self["openapi"]))
        except ValueError as error:
            raise usage.UsageError(f"--openapi {self['openapi']}: {error}") from None
        for line in lines:
            print(line)
        print(f"{count} operations compared, {len(lines)} differences")
        return DIFFERENT if lines else 0
