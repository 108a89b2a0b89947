"""``instantly-mcp sandbox assert`` and ``export``: what an agent did."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.python import usage

from ...daemon.sandbox.checks import EXPORTS, Wanted, junit_report, run_checks
from ...daemon.sandbox.client import SandboxClient
from ..options import FILE
from .reaching import ReachOptions, write_file

FAILED = 1
"""The exit status when a check fails."""


class AssertOptions(ReachOptions):
    """The options of ``sandbox assert``."""

    synopsis = "instantly-mcp sandbox assert (--url URL | --ready-file FILE) CHECKS"
    longdesc = (
        "Checks what happened in a workspace. Exit status: 0 if all checks pass, 1 if "
        "one fails, 69 if the sandbox cannot be reached. docs/sandbox.md describes the "
        "expressions."
    )
    examples = (
        "instantly-mcp sandbox assert --ready-file ready.json --outbox 'count==1'",
        "instantly-mcp sandbox assert --url http://127.0.0.1:3001 --max-calls 30",
    )
    takes = {"junit": FILE}
    optFlags = [["no-destructive", None, "No API request deletes anything."]]
    optParameters = [
        ["max-calls", None, None, "The largest number of calls of tools."],
        ["tools-hash", None, None, "What `instantly-mcp tools --hash` printed."],
        ["junit", None, None, "Write the outcomes to this JUnit XML file."],
    ]

    def __init__(self) -> None:
        self.outbox: list[str] = []
        self.calls: list[str] = []
        super().__init__()

    def opt_outbox(self, expression: str) -> None:
        """An expression that holds for each mail of the outbox. Repeatable."""
        self.outbox.append(expression)

    def opt_calls(self, expression: str) -> None:
        """An expression that holds for each call. Repeatable."""
        self.calls.append(expression)

    def act(self, client: SandboxClient) -> int:
        """Check, and print the outcomes.

        :raises usage.UsageError: for no check, or one that cannot be read.
        """
        wanted = self._wanted()
        if wanted == Wanted():
            raise usage.UsageError("give a check, such as --outbox 'count==1'")
        try:
            checks = run_checks(client, wanted)
        except ValueError as error:
            raise usage.UsageError(str(error)) from None
        for check in checks:
            word = "passed" if check.passed else "FAILED"
            print(f"{word}  {check.name}")
            for line in check.problem.splitlines():
                print(f"        {line}")
        if self["junit"]:
            text = junit_report(checks, client.key)
            write_file("--junit", self["junit"], text.encode())
        return 0 if all(check.passed for check in checks) else FAILED

    def _wanted(self) -> Wanted:
        return Wanted(
            outbox=tuple(self.outbox),
            calls=tuple(self.calls),
            no_destructive=bool(self["no-destructive"]),
            max_calls=_count(self["max-calls"]),
            tools_hash=self["tools-hash"],
        )


class ExportOptions(ReachOptions):
    """The options of ``sandbox export``."""

    synopsis = (
        "instantly-mcp sandbox export (--url URL | --ready-file FILE) "
        "[--har FILE] [--jsonl FILE]"
    )
    longdesc = "Writes all calls of a workspace to a file, without keys."
    examples = ("instantly-mcp sandbox export --ready-file ready.json --har calls.har",)
    takes = {"har": FILE, "jsonl": FILE}
    optParameters = [
        ["har", None, None, "HTTP Archive 1.2, which browsers and proxies open."],
        ["jsonl", None, None, "One JSON object a line."],
    ]

    def act(self, client: SandboxClient) -> int:
        """Write the files.

        :raises usage.UsageError: for no file, or one that cannot be written.
        """
        if not any(self[name] for name in EXPORTS):
            raise usage.UsageError("give --har FILE or --jsonl FILE")
        calls: Sequence[dict[str, object]] = client.get("calls")["items"]
        for name, encode in EXPORTS.items():
            if self[name]:
                write_file(f"--{name}", self[name], encode(calls))
                print(f"{self[name]}: {len(calls)} calls of {client.key}")
        return 0


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise usage.UsageError("--max-calls must be a whole number")
    return int(text)
