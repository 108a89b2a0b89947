"""``instantly-mcp eval``: cases that test a model, and the judge of what it did."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.python import usage

from .._json_codec import Json, JsonObject, dumps, loads
from ..daemon.evaluation import eval_cases, verdict
from .interfaces import Subcommands
from .options import FILE, CommandGroup, CommandOptions

FAILED = 1
"""The exit status when the judge finds a problem."""


class CasesOptions(CommandOptions):
    """The options of ``eval cases``."""

    synopsis = "instantly-mcp eval cases"
    examples = ("instantly-mcp eval cases > cases.jsonl",)
    longdesc = "Prints the cases, one JSON object a line. See docs/evaluation.md."

    def run(self) -> int:
        """Print the cases."""
        for case in eval_cases():
            print(dumps(case).decode())
        return 0


class JudgeOptions(CommandOptions):
    """The options of ``eval judge``."""

    synopsis = "instantly-mcp eval judge --case ID [options] < EFFECTS"
    examples = ("instantly-mcp eval judge --case CASE_ID < effects.json",)
    takes = {"cases": FILE}
    longdesc = (
        "Reads what GET /sandbox/effects of the sandbox returned, and prints the "
        "verdict as a JSON object. Exit status: 0 if passed, 1 if not."
    )
    optParameters = [
        ["case", None, None, "The id of the case."],
        ["cases", None, None, "A file of cases; default: those of eval cases."],
        ["called", None, None, "Comma-separated names of the tools that were called."],
    ]

    def run(self) -> int:
        """Print the verdict.

        :raises usage.UsageError: for an unknown case, or input that cannot be judged.
        """
        case = self._case()
        try:
            observed = _object(sys.stdin.read(), "standard input")
            found = verdict(case, observed, self._called)
        except ValueError as error:
            raise usage.UsageError(str(error)) from None
        print(dumps(found).decode())
        return 0 if found["passed"] else FAILED

    @property
    def _called(self) -> set[str] | None:
        text: str | None = self["called"]
        if text is None:
            return None
        return {name.strip() for name in text.split(",") if name.strip()}

    def _case(self) -> JsonObject:
        cases = _read_cases(Path(self["cases"])) if self["cases"] else eval_cases()
        for case in cases:
            if case.get("id") == self["case"]:
                return case
        known = ", ".join(str(case.get("id")) for case in cases)
        raise usage.UsageError(f"--case must be one of: {known}")


class EvalOptions(CommandGroup):
    """The options of ``eval``."""

    group = "eval"
    examples = ("instantly-mcp eval cases",)
    subCommands: Subcommands = (
        ("cases", None, CasesOptions, "Print the cases, one JSON object a line."),
        ("judge", None, JudgeOptions, "Judge what happened in the sandbox."),
    )


def _read_cases(path: Path) -> list[JsonObject]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise usage.UsageError(f"--cases cannot be read: {error}") from None
    lines = [line for line in text.splitlines() if line.strip()]
    return [_object(line, "a line of --cases") for line in lines]


def _object(text: str, where: str) -> JsonObject:
    try:
        value: Json = loads(text.encode())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise usage.UsageError(f"{where} is not a JSON object")
    return value
