"""The checks and reports of a sandbox, for the commands ``instantly-mcp sandbox``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from attrs import frozen

from ..._json_codec import Json, JsonObject, loads
from ...sandbox.checks.contract import DocumentError, compared_operations, differences
from ...sandbox.checks.parsing import ExpressionError
from ...sandbox.checks.reports import har, json_lines, junit
from ...sandbox.checks.verdict import (
    SandboxCheck,
    check_calls,
    check_max_calls,
    check_no_destructive,
    check_outbox,
    check_tools_hash,
)
from .client import SandboxClient

EXPORTS: dict[str, Callable[[Sequence[JsonObject]], bytes]] = {
    "har": har,
    "jsonl": json_lines,
}
"""The formats of exported calls."""


@frozen(kw_only=True)
class Wanted:
    """What a job asserts; ``None`` and empty for what it does not.

    :param outbox: expressions about the mails of the outbox.
    :param calls: expressions about the calls.
    """

    outbox: Sequence[str] = ()
    calls: Sequence[str] = ()
    no_destructive: bool = False
    max_calls: int | None = None
    tools_hash: str | None = None


def run_checks(client: SandboxClient, wanted: Wanted) -> Sequence[SandboxCheck]:
    """Return the outcomes of all checks.

    :raises UnreachableError: when the sandbox cannot be asked.
    :raises ValueError: for an expression that cannot be read, with its option.
    """
    return list(_outcomes(client, wanted))


def _outcomes(client: SandboxClient, wanted: Wanted) -> Iterator[SandboxCheck]:
    @cache
    def items(name: str) -> Sequence[JsonObject]:
        found: Sequence[JsonObject] = client.get(name)["items"]
        return found

    for option, name, texts, check in (
        ("--outbox", "outbox", wanted.outbox, check_outbox),
        ("--calls", "calls", wanted.calls, check_calls),
    ):
        for text in texts:
            try:
                yield check(text, items(name))
            except ExpressionError as error:
                raise ValueError(f"{option}: {error}") from None
    if wanted.no_destructive:
        yield check_no_destructive(items("calls"))
    if wanted.max_calls is not None:
        yield check_max_calls(wanted.max_calls, items("calls"))
    if wanted.tools_hash is not None:
        yield check_tools_hash(wanted.tools_hash, client.facts().get("toolsHash"))


def junit_report(checks: Sequence[SandboxCheck], namespace: str) -> str:
    """Return the outcomes as JUnit XML."""
    return junit(checks, f"instantly-mcp sandbox: {namespace}")


def contract_differences(path: Path) -> tuple[int, Sequence[str]]:
    """Compare the simulation with an OpenAPI document.

    :returns: the number of operations that were compared, and the differences.
    :raises ValueError: for a file that is not such a document.
    """
    try:
        document: Json = loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from None
    except ValueError:
        raise ValueError("it is not JSON") from None
    try:
        return compared_operations(), differences(document)
    except DocumentError as error:
        raise ValueError(str(error)) from None
