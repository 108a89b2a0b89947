"""Reads audit files for the operator: verifies the chain, and lists what was done.

It only reads, also while a daemon writes.
"""

from __future__ import annotations

import errno
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from attrs import define, field, frozen

from ..._json_codec import JsonObject
from ...access.act import EndingKind
from ...access.audit.chain import ChainHead, Verifier, parse
from ...access.audit.open_intents import INTENT, OUTCOME, OpenIntents
from ...access.audit.records import REFUSED


@frozen(kw_only=True)
class Verified:
    """What verifying some files found.

    :param first: the number of the first line; 0 if there are no lines.
    :param head: the last line.
    :param errors: what is wrong, one sentence each.
    :param notes: what is not wrong, but may be of interest.
    """

    first: int
    head: ChainHead
    errors: Sequence[str]
    notes: Sequence[str]


def verify(
    paths: Sequence[Path], key: bytes, heads: Sequence[ChainHead | str]
) -> Verified:
    """Verify files, the oldest first.

    :param paths: files; those that end in ``.gz`` are decompressed.
    :param heads: lines that the files must have: by their HMACs, or as `ChainHead`.
    :raises OSError: when a file cannot be read.
    """
    verifier, intents = Verifier(key), OpenIntents()
    wanted = {head if isinstance(head, str) else head.mac: head for head in heads}
    for path in paths:
        verifier.begin(path.name)
        for raw in _lines(path):
            checked = verifier.read(raw)
            if checked is not None:
                wanted.pop(checked.mac, None)
                intents.read(checked.facts)
    verifier.end()
    errors = [f"{d.file} line {d.line} {d.reason}" for d in verifier.defects]
    errors.extend(map(_missing, wanted.values()))
    notes = []
    if verifier.part:
        notes.append("the last line is not complete: a crash can leave that")
    if left := len(intents.all()):
        notes.append(f"writes without an outcome: {left}")
    return Verified(
        first=verifier.first, head=verifier.head, errors=errors, notes=notes
    )


def is_missing(path: Path) -> bool:
    """Say whether a file does not exist; one that this user must not see may exist."""
    try:
        path.stat()
    except OSError as error:
        return error.errno in {errno.ENOENT, errno.ENOTDIR}
    return False


def missing_file(path: Path, head: ChainHead | None) -> str:
    """Return the error of an audit file that does not exist.

    :param head: the last line that is known to be written, if any.
    """
    if head is None or head.is_origin:
        return (
            f"IMCP-AUDIT there is no audit file {path}: the daemon creates it when it "
            "first starts; if yours has another state directory, name it with "
            "--state-dir"
        )
    return (
        f"IMCP-AUDIT the audit file {path} is missing, and line {head.seq} was "
        "written: if it was rotated, name its files with --file"
    )


def _missing(head: ChainHead | str) -> str:
    if isinstance(head, str):
        return f"no line has the HMAC {head}: lines are missing"
    return f"lines are missing at the end: number {head.seq} was written"


@define(eq=False)
class Entries:
    """Joins the lines of some files: one entry for each write, and for other lines.

    :ivar found: the entries, in the order of the files.
    """

    found: list[dict[str, object]] = field(factory=list)
    _writes: dict[str, dict[str, object]] = field(factory=dict)

    def read(self, facts: JsonObject) -> None:
        """Take account of the next line."""
        kind, act = facts.get("kind"), str(facts.get("act"))
        if kind == INTENT:
            self._add({**facts, "kind": "write", "outcome": "open"})
        elif kind == OUTCOME:
            if act not in self._writes:
                # Its intent is in an earlier file.
                self._add({**facts, "kind": "write"})
            more = {"outcome", "status", "seconds"}
            self._writes[act].update({k: v for k, v in facts.items() if k in more})
        elif kind == REFUSED:
            self.found.append({**facts, "outcome": EndingKind.REFUSED.value})
        else:
            for intent in facts.get("open", ()):
                self._add({**intent, "kind": "write", "outcome": "open"})
            self.found.append(dict(facts))

    def _add(self, entry: dict[str, object]) -> None:
        act = str(entry.get("act"))
        if act not in self._writes:
            self._writes[act] = entry
            self.found.append(entry)


def entries(paths: Sequence[Path]) -> Sequence[JsonObject]:
    """Return what the files say, without verifying them.

    :raises OSError: when a file cannot be read.
    """
    joined = Entries()
    for path in paths:
        for raw in _lines(path):
            checked = parse(raw.removesuffix(b"\n"))
            if checked is not None:
                joined.read(checked.facts)
    return joined.found


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file.

    :raises OSError: when it cannot be read.
    """
    try:
        with _opened(path) as file:
            yield from file
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise OSError(errno.EILSEQ, "it is not a whole gzip file", str(path)) from None


def _opened(path: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")
