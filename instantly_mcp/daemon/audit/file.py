"""The audit file on the disk: durable lines, rotation, and what a crash left.

All methods block; `audit_log` calls them on a thread, one at a time. The lock of the
state directory keeps other processes from writing. The file is read back after each
write, so a line that another program added or changed is noticed at the next one.

A line is durable when `append` returns: written, fsync(2). When that fails, the file is
cut back to what it was, and the lines count as not written.

Rotation is by an external program: a file that was renamed, removed or emptied is
followed by a new one, whose first line goes on with the chain. The head is written to
``audit.head`` as well, without fsync: the next start notices from it that lines are
missing at the end, and goes on with the chain if the file was renamed meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, final

from twisted.logger import Logger

from ..._json_codec import JsonObject, dumps, loads
from ...access.audit.chain import (
    ORIGIN,
    REPAIRED,
    Chain,
    ChainHead,
    Verifier,
    after_part,
    opened,
)
from ...access.audit.open_intents import OpenIntents
from .key import make_key, problem_with_key, read_key, sync_directory

FILE_NAME = "audit.jsonl"
HEAD_NAME = "audit.head"

MAX_REPORTED = 5
"""Most defects that are logged each; the others are counted."""

_READ_BYTES = 1 << 20


@final
class AuditFile:
    """Appends lines to the audit file.

    :param path: the file; `FILE_NAME` in the state directory unless a setting says so.
    :param directory: the state directory, which has the key.
    :param sync: `os.fsync`, or a replacement in tests.
    :ivar head: the last line of the chain.
    :ivar closed: no more lines are accepted.
    """

    log: ClassVar[Logger] = Logger()

    def __init__(
        self,
        path: Path,
        directory: Path,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self.path = path.absolute()
        self.head = ORIGIN
        self._directory = directory.absolute()
        self._sync = sync
        self._key = b""
        self._descriptor: int | None = None
        self.closed = False
        self._verifier = Verifier(b"")
        self._intents = OpenIntents()
        self._inode: tuple[int, int] | None = None
        self._offset = 0
        self._reported = 0

    def start(self) -> Sequence[JsonObject]:
        """Open the file, and say which writes have no outcome.

        :returns: the intents that an earlier process left.
        :raises OSError: if a file cannot be used.
        :raises ValueError: if the key cannot be used.
        """
        self._open_key()
        self._raise_head(noted_head(self._directory) or ORIGIN)
        self._catch_up()
        return self._intents.all()

    def append(self, lines: Sequence[JsonObject], at: str) -> ChainHead:
        """Add lines, and return the head when they are durable.

        Without lines, a file that was renamed is followed by a new one, if need be.

        :param at: the time of lines that this class adds.
        :raises OSError: if they cannot be written; then none is. Also after `close`:
            the lock of the state directory may be with another process then.
        """
        if self.closed:
            raise OSError(errno.EBADF, "the audit file is closed", str(self.path))
        self._catch_up()
        self._add(lines, at)
        return self.head

    def close(self) -> None:
        """Close all files. The object can be used no longer."""
        self.refuse_more()
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def refuse_more(self) -> None:
        """Let `append` fail from now on; a call that is running may end."""
        self.closed = True

    def _open_key(self) -> None:
        problem = problem_with_key(self._directory, self.path)
        if problem is not None:
            raise ValueError(problem)
        try:
            key = read_key(self._directory)
        except FileNotFoundError:
            key = make_key(self._directory)
        self._key, self._verifier = key, Verifier(key)

    def _catch_up(self) -> None:
        """Open the file at the path, and read what was added to it."""
        at_path = _inode_of(self.path)
        if self._descriptor is None or at_path != self._inode:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            fresh = os.open(self.path, flags | os.O_NONBLOCK, 0o600)
            try:
                status = os.fstat(fresh)
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(0, "not a regular file")
                if at_path is None:
                    sync_directory(self.path.parent)
                if self._descriptor is not None:
                    self._scan()  # What was added before it was renamed.
            except BaseException:
                os.close(fresh)
                raise
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._descriptor, self._inode = fresh, _identity(status)
            self._begin()
        self._scan()

    def _begin(self) -> None:
        self._offset = 0
        self._verifier.begin(self.path.name)

    def _scan(self) -> None:
        """Read the lines from the offset on."""
        descriptor = self._open_descriptor()
        if os.fstat(descriptor).st_size < self._offset:
            self.log.error(
                "IMCP-AUDIT {path} is shorter than it was: if no program rotates it "
                "by copying, lines were removed",
                path=self.path.name,
            )
            self._begin()
        rest = b""
        while data := os.pread(descriptor, _READ_BYTES, self._offset + len(rest)):
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                self._read(line + b"\n")
        if rest:
            self._read_last(rest)
        self._report_defects()
        self._raise_head(self._verifier.head)

    def _read(self, raw: bytes) -> None:
        self._offset += len(raw)
        checked = self._verifier.read(raw)
        if checked is not None:
            self._intents.read(checked.facts)

    def _read_last(self, raw: bytes) -> None:
        """Read a last line without a newline, of which a part may be missing."""
        checked = self._verifier.read(raw)
        if checked is not None:
            # Only its newline is missing.
            self._write(b"\n")
            self._offset += len(raw) + 1
            self._intents.read(checked.facts)

    def _report_defects(self) -> None:
        new = self._verifier.defects[self._reported :]
        for defect in new[:MAX_REPORTED]:
            self.log.error(
                "IMCP-AUDIT line {line} of {path} {reason}",
                line=defect.line,
                path=defect.file,
                reason=defect.reason,
            )
        if len(new) > MAX_REPORTED:
            self.log.error(
                "IMCP-AUDIT {path} has {count} defects: see instantly-mcp audit verify",
                path=self.path.name,
                count=len(new),
            )
        self._reported = len(self._verifier.defects)

    def _raise_head(self, head: ChainHead) -> None:
        if head.seq >= self.head.seq:
            self.head = head
        elif self._offset:
            self.log.error(
                "IMCP-AUDIT lines are missing at the end of {path}: it ends with "
                "number {seq}, but number {known} was written",
                path=self.path.name,
                seq=head.seq,
                known=self.head.seq,
            )

    def _add(self, lines: Sequence[JsonObject], at: str) -> None:
        part, facts = self._verifier.part, list(lines)
        if not self._offset:
            left = list(self._intents.all())
            facts.insert(0, {"at": at, **opened(self.head), "open": left})
        elif part:
            facts.insert(0, {"at": at, "kind": REPAIRED})
        if part:
            facts[0] = after_part(facts[0], part)
        chain = Chain(self._key, self.head)
        text = b"\n" if part else b""
        for each in facts:
            sealed = chain.seal(each)
            chain.head = sealed.head
            text += sealed.text
        if text:
            self._write(text)
            self._scan()
            self._note_head()

    def _write(self, text: bytes) -> None:
        """Write, and wait until it is durable.

        :raises OSError: if that fails; then the file is as it was, if possible.
        """
        descriptor = self._open_descriptor()
        before = os.fstat(descriptor).st_size
        try:
            done = 0
            while done < len(text):
                done += os.write(descriptor, text[done:])
            self._sync(descriptor)
        except OSError:
            try:
                os.ftruncate(descriptor, before)
            except OSError:
                self.log.failure("the audit file could not be cut back")
            raise

    def _note_head(self) -> None:
        noted = dumps({"seq": self.head.seq, "mac": self.head.mac}) + b"\n"
        try:
            # O_NONBLOCK: opening a FIFO would wait for another process.
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
            descriptor = os.open(self._directory / HEAD_NAME, flags, 0o600)
            try:
                os.pwrite(descriptor, noted, 0)
                os.ftruncate(descriptor, len(noted))
            finally:
                os.close(descriptor)
        except OSError:
            self.log.failure("the head of the audit file could not be noted")

    def _open_descriptor(self) -> int:
        assert self._descriptor is not None
        return self._descriptor


def noted_head(directory: Path) -> ChainHead | None:
    """Return the head that was noted in a state directory, if there is one."""
    path = directory / HEAD_NAME
    try:
        # Opening a FIFO would wait for another process.
        noted = loads(path.read_bytes() if path.is_file() else b"")
        return ChainHead(int(noted["seq"]), str(noted["mac"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _inode_of(path: Path) -> tuple[int, int] | None:
    try:
        return _identity(os.stat(path))
    except FileNotFoundError:
        return None


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
