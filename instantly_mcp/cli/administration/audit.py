"""``instantly-mcp audit``: shows what was done, and verifies the audit file.

Both read the files themselves, so they work with and without a running daemon, for a
user who may read the state directory.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from twisted.python import usage

from ..._credential import SHOWN_CHARACTERS
from ..._json_codec import Json, JsonObject, dumps
from ...daemon.audit.build import audit_path
from ...daemon.audit.file import noted_head
from ...daemon.audit.key import read_key
from ...daemon.audit.reading import (
    Verified,
    entries,
    is_missing,
    missing_file,
    verify,
)
from ...daemon.control.direct import state_directory_to_read
from ...daemon.settings.errors import ConfigurationError, report
from ...daemon.settings.loading import examine_process
from ..options import FILE, CommandGroup, CommandOptions, OptionValues
from .columns import in_columns

EX_DEFECTS = 1
"""The exit status when the chain is not intact."""

_SPAN = re.compile(r"(\d{1,6})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_MAC = re.compile("[0-9a-f]{64}")


class _AuditFileOptions(CommandOptions):
    """Base class: where the files are.

    The file of the settings is read unless files are named.
    """

    takes = {"state-dir": FILE, "audit-file": FILE, "config": FILE, "file": FILE}
    optFlags = [["json", None, "Print JSON."]]
    optParameters = [
        ["state-dir", None, None, "The daemon's state directory, if not the default."],
        ["audit-file", None, None, "The daemon's audit file, if not the default."],
        ["config", None, None, "The daemon's TOML file, if it has one."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self._files: list[Path] = []

    def opt_file(self, path: str) -> None:
        """Audit file to read, the oldest first; may end in .gz. [repeatable]"""
        self._files.append(Path(path))

    def found(self) -> tuple[Path, Sequence[Path]]:
        """Return the state directory and the files to read.

        :raises ConfigurationError: when there is no state directory, or the audit file
            does not exist.
        """
        given = {
            option.replace("-", "_"): self[option]
            for option in ("state-dir", "audit-file", "config")
            if self[option] is not None
        }
        settings, errors = examine_process(given)
        directory = Path(state_directory_to_read(settings, errors))
        if self._files:
            return directory, self._files
        path = audit_path(settings, str(directory))
        if is_missing(path):
            raise ConfigurationError(missing_file(path, noted_head(directory)))
        return directory, [path]


class AuditShowOptions(_AuditFileOptions):
    """The options of ``audit show``."""

    synopsis = "instantly-mcp audit show [options]"
    examples = (
        "instantly-mcp audit show --since 24h",
        "instantly-mcp audit show --outcome refused --workspace acme --json",
    )
    takes = {
        "outcome": OptionValues(("done", "refused", "failed", "ambiguous", "open"))
    }
    longdesc = (
        "Shows each write with its outcome, refusals, and other events. The chain is "
        "not checked: see audit verify."
    )
    optParameters = [
        ["since", None, None, "A span such as 24h, or a day such as 2026-11-02."],
        [
            "principal",
            None,
            None,
            "Who: operator, the id of a token, or a key's digest.",
        ],
        ["tool", None, None, "Only this tool."],
        [
            "workspace",
            None,
            None,
            "Where: the alias of a workspace, or the digest of one without an alias.",
        ],
        ["outcome", None, None, "done, refused, failed, ambiguous or open."],
    ]

    def run(self) -> int:
        """Print the entries; return the exit status."""
        since = read_since(self["since"], time.time())
        found = [
            each for each in _entries(self.found()[1]) if self._wanted(each, since)
        ]
        if self["json"]:
            for entry in found:
                print(dumps(entry).decode())
        elif not found:
            print("the audit file has no such entry")
        else:
            for line in table(found):
                print(line)
        return 0

    def _wanted(self, entry: JsonObject, since: str) -> bool:
        if str(entry.get("at", "")) < since:
            return False
        who = self["principal"]
        if who and not any(
            str(entry.get(name, "")).startswith(who) for name in ("principal", "token")
        ):
            return False
        where = self["workspace"]
        if where and not _is_in(entry, where):
            return False
        return all(
            not self[name] or entry.get(name) == self[name]
            for name in ("tool", "outcome")
        )


class AuditVerifyOptions(_AuditFileOptions):
    """The options of ``audit verify``."""

    synopsis = "instantly-mcp audit verify [options]"
    examples = ("instantly-mcp audit verify",)
    longdesc = (
        "Verifies the chain of the audit file: finds lines that were changed, removed, "
        "added or moved. Lines that are missing at the end are found only with --head, "
        "or while the state directory has its note of the last line."
    )
    optParameters = [
        ["head", None, None, "A head that the daemon logged: it must be in the file."],
    ]

    def postOptions(self) -> None:
        """Require a head to be one."""
        if self["head"] is not None and not _MAC.fullmatch(self["head"]):
            raise usage.UsageError("--head is 64 hexadecimal digits, as in the log")

    def run(self) -> int:
        """Print what was found; return the exit status: 0 or 1."""
        directory, paths = self.found()
        heads: list[Json] = [] if self["head"] is None else [self["head"]]
        noted = noted_head(directory)
        if noted is not None and not self._files:
            heads.append(noted)
        try:
            result = verify(paths, read_key(directory), heads)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"IMCP-AUDIT {why(error)}") from None
        if self["json"]:
            print(dumps(as_json(result)).decode())
        else:
            for line in described(result):
                print(line)
            report(result.errors, sys.stderr)
        return EX_DEFECTS if result.errors else 0


class AuditOptions(CommandGroup):
    """The commands about the audit file."""

    group = "audit"
    synopsis = "instantly-mcp audit COMMAND [options]"
    examples = ("instantly-mcp audit show --since 24h",)
    subCommands = (
        ("show", None, AuditShowOptions, "Show what was done, and who agreed."),
        ("verify", None, AuditVerifyOptions, "Find out whether lines were changed."),
    )


def read_since(text: str | None, now: float) -> str:
    """Return the first time that counts, in the form of the file.

    :param now: seconds since the epoch.
    :raises usage.UsageError: if the text is neither a span nor a day.
    """
    if text is None:
        return ""
    span = _SPAN.fullmatch(text)
    if span is not None:
        at = max(now - int(span[1]) * _SECONDS[span[2]], 0)
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        raise usage.UsageError(
            "--since is a span such as 90m, 24h or 7d, or a day such as 2026-11-02"
        ) from None


def table(found: Sequence[JsonObject]) -> Iterator[str]:
    """Yield the lines of a table of entries."""
    headings = ("time", "who", "workspace", "what", "on", "agreed", "outcome")
    return in_columns(headings, [_row(entry) for entry in found])


def _row(entry: JsonObject) -> tuple[str, ...]:
    more = entry.get("status") or entry.get("code") or ""
    outcome = str(entry.get("outcome") or _switched(entry))
    return (
        str(entry.get("at", ""))[:19].replace("T", " "),
        _who(entry),
        _where(entry),
        str(entry.get("tool") or entry.get("kind")),
        " ".join(map(str, entry.get("targets", ()))),
        _agreed(entry),
        f"{outcome} {more}" if more else outcome,
    )


def _switched(entry: JsonObject) -> str:
    """Return to what the kill switch was switched; empty for other entries."""
    off = entry.get("off")
    return "" if off is None else "off" if off else "on"


def _who(entry: JsonObject) -> str:
    """Return the name of a token, or the first characters of a principal."""
    name = entry.get("token_name") or entry.get("principal") or entry.get("by") or ""
    return str(name) if entry.get("token_name") else str(name)[:SHOWN_CHARACTERS]


def _is_in(entry: JsonObject, workspace: str) -> bool:
    """Say whether an entry is about a workspace, by its alias or else its digest."""
    alias = entry.get("workspace")
    if alias:
        return bool(alias == workspace)
    return str(entry.get("workspace_key", "")).startswith(workspace)


def _where(entry: JsonObject) -> str:
    """Return the alias of a workspace, or the first characters of its digest."""
    key = str(entry.get("workspace_key", ""))[:SHOWN_CHARACTERS]
    return str(entry.get("workspace") or key)


def _agreed(entry: JsonObject) -> str:
    """Return how a write was agreed to, and by whom if that is another person."""
    how = entry.get("consent")
    if how is None:
        return str(entry.get("policy", ""))
    if entry.get("by") == entry.get("principal"):
        return str(how)
    return f"{how} by {entry.get('by')}"


def described(result: Verified) -> Iterator[str]:
    """Yield the lines that say what verifying found."""
    if not result.first:
        yield "the audit file has no lines"
        return
    verdict = "intact" if not result.errors else "NOT intact"
    yield f"lines {result.first} to {result.head.seq}: {verdict}"
    if result.first > 1:
        yield f"the chain goes on from line {result.first - 1} in an earlier file"
    yield f"head: {result.head.mac}"
    yield from result.notes


def as_json(result: Verified) -> JsonObject:
    """Return what verifying found."""
    return {
        "intact": not result.errors,
        "first": result.first,
        "last": result.head.seq,
        "head": result.head.mac,
        "errors": list(result.errors),
        "notes": list(result.notes),
    }


def why(error: Exception) -> str:
    """Return the reason why a file cannot be read."""
    if isinstance(error, OSError):
        return f"{error.filename} cannot be read: {error.strerror}"
    return str(error)


def _entries(paths: Sequence[Path]) -> Sequence[JsonObject]:
    try:
        return entries(paths)
    except OSError as error:
        raise ConfigurationError(f"IMCP-AUDIT {why(error)}") from None
