"""The audit file on a disk: durable lines, rotation, crashes, two writers."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject, loads
from instantly_mcp.access.audit.chain import Chain, Verifier
from instantly_mcp.daemon.audit import file as audit_file
from instantly_mcp.daemon.audit.file import MAX_REPORTED, AuditFile, noted_head
from instantly_mcp.daemon.audit.key import read_key

AT = "2026-11-29T14:05:00.000Z"


def intent(act: str) -> JsonObject:
    """Return an intent."""
    return {"kind": "intent", "act": act}


def outcome(act: str) -> JsonObject:
    """Return an outcome."""
    return {"kind": "outcome", "act": act}


class AuditFileCase(SynchronousTestCase):
    """A state directory, and files in it."""

    def setUp(self):
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir(mode=0o700)
        self.path = self.directory / "audit.jsonl"

    def opened(self, sync=os.fsync) -> AuditFile:
        """Return a file that was started."""
        file = AuditFile(self.path, self.directory, sync)
        self.addCleanup(file.close)
        self.abandoned = [str(each["act"]) for each in file.start()]
        return file

    def verified(self, *names: str) -> Verifier:
        """Verify files of the directory."""
        verifier = Verifier(read_key(self.directory))
        for name in names or ("audit.jsonl",):
            verifier.begin(name)
            with (self.directory / name).open("rb") as file:
                for raw in file:
                    verifier.read(raw)
        verifier.end()
        return verifier

    def assertIntact(self, *names: str) -> None:
        """Fail if the files have a defect."""
        verifier = self.verified(*names)
        self.assertEqual(verifier.defects, [])
        self.assertEqual(verifier.part, b"")

    def kinds(self, name: str = "audit.jsonl") -> Sequence[str]:
        """Return the kinds of the lines that can be read."""
        lines = (self.directory / name).read_bytes().splitlines()
        return [loads(line)["kind"] for line in lines if line.endswith(b'"}')]


class AuditFileTests(AuditFileCase):
    """One process."""

    def test_lines(self):
        """Lines follow the first one; the files are private."""
        file = self.opened()
        head = file.append([intent("a"), outcome("a")], AT)
        self.assertEqual(self.kinds(), ["opened", "intent", "outcome"])
        self.assertEqual(head.seq, 3)
        self.assertEqual(self.verified().head, head)
        for path in self.directory.iterdir():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)

    def test_durable(self):
        """A line is synchronized before `append` returns."""
        synced: list[int] = []
        file = self.opened(lambda fd: synced.append(os.fstat(fd).st_size))
        file.append([intent("a")], AT)
        self.assertEqual(synced, [self.path.stat().st_size])

    def test_again(self):
        """The next process goes on with the chain."""
        self.opened().append([intent("a"), outcome("a")], AT)
        file = self.opened()
        self.assertEqual(file.append([intent("b")], AT).seq, 4)
        self.assertIntact()

    def test_failed_write(self):
        """After a write that failed the file is as before; the next one succeeds."""
        failing = [False]

        def sync(_: int) -> None:
            if failing[0]:
                raise OSError(errno.ENOSPC, "no space")

        file = self.opened(sync)
        file.append([intent("a")], AT)
        before = self.path.read_bytes()
        failing[0] = True
        with self.assertRaises(OSError):
            file.append([intent("b")], AT)
        self.assertEqual(self.path.read_bytes(), before)
        failing[0] = False
        self.assertEqual(file.append([outcome("a")], AT).seq, 3)
        self.assertIntact()

    def test_no_regular_file(self):
        """A FIFO is refused, and does not block."""
        os.mkfifo(self.path)
        with self.assertRaises(OSError):
            AuditFile(self.path, self.directory).start()

    def test_no_regular_file_for_the_head(self):
        """A FIFO in its place does not block; the log says that nothing is noted."""
        os.mkfifo(self.directory / "audit.head")
        self.assertIsNone(noted_head(self.directory))
        self.opened().append([intent("a")], AT)
        self.assertIntact()
        self.flushLoggedErrors(OSError)

    def test_closed(self):
        """After the end no line is written: another process may have the lock."""
        file = self.opened()
        file.append([intent("a")], AT)
        file.close()
        before = self.path.read_bytes()
        with self.assertRaises(OSError) as caught:
            file.append([outcome("a")], AT)
        self.assertEqual(caught.exception.errno, errno.EBADF)
        self.assertEqual(self.path.read_bytes(), before)

    def test_replaced_while_it_is_opened(self):
        """A file that is renamed while it is opened is followed by the next one."""
        file = self.opened()
        file.append([intent("a")], AT)
        self.path.unlink()

        def replace(_: Path) -> None:
            self.path.rename(self.directory / "audit.jsonl.1")
            self.path.touch(0o600)

        self.patch(audit_file, "sync_directory", replace)
        file.append([outcome("a")], AT)
        file.append([intent("b")], AT)
        self.assertEqual(self.kinds("audit.jsonl.1"), ["opened", "outcome"])
        self.assertEqual(self.kinds(), ["opened", "intent"])

    def test_failed_opening(self):
        """An opening that fails leaves no descriptor open."""

        def fail(_: Path) -> None:
            raise OSError(errno.EIO, "input/output error")

        file = self.opened()
        file.append([intent("a")], AT)
        free = self.free_descriptor()
        self.path.unlink()
        self.patch(audit_file, "sync_directory", fail)
        with self.assertRaises(OSError):
            file.append([outcome("a")], AT)
        self.assertEqual(self.free_descriptor(), free)

    def free_descriptor(self) -> int:
        """Return the lowest descriptor that is not open."""
        descriptor = os.open(os.devnull, os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    def test_directory_gone(self):
        """Without its directory no line is accepted, and with it they are again."""
        self.path = self.directory / "logs" / "audit.jsonl"
        self.path.parent.mkdir()
        file = self.opened()
        file.append([intent("a")], AT)
        moved = self.directory / "moved"
        self.path.parent.rename(moved)
        for _ in range(2):
            with self.assertRaises(FileNotFoundError):
                file.append([intent("b")], AT)
        moved.rename(self.path.parent)
        self.assertEqual(file.append([intent("b")], AT).seq, 3)


class KeyTests(AuditFileCase):
    """The key of the chain."""

    def test_lost(self):
        """Lines without their key are not continued under another one."""
        self.opened().append([intent("a")], AT)
        (self.directory / "audit.key").unlink()
        with self.assertRaises(ValueError) as caught:
            self.opened()
        self.assertIn("audit.key", str(caught.exception))

    def test_open_to_others(self):
        """A key that others can read is refused."""
        self.opened()
        (self.directory / "audit.key").chmod(0o640)
        with self.assertRaises(ValueError) as caught:
            self.opened()
        self.assertIn("chmod 600", str(caught.exception))

    def test_malformed(self):
        """A file that does not hold a key is refused."""
        self.opened()
        (self.directory / "audit.key").write_bytes(b"00" * 31)
        with self.assertRaises(ValueError):
            self.opened()


class RotationTests(AuditFileCase):
    """Renamed, emptied and removed files."""

    def rotate(self) -> None:
        """Rename the file as logrotate does."""
        self.path.rename(self.directory / "audit.jsonl.1")

    def test_renamed(self):
        """A renamed file is followed by a new one, which goes on with the chain."""
        file = self.opened()
        file.append([intent("a")], AT)
        self.rotate()
        file.append([], AT)
        self.assertEqual(self.kinds(), ["opened"])
        file.append([outcome("a")], AT)
        self.assertEqual(self.kinds(), ["opened", "outcome"])
        self.assertIntact("audit.jsonl.1", "audit.jsonl")
        self.assertIntact()

    def test_open_intents_are_repeated(self):
        """A write under way during a rotation is known to be open after a crash."""
        file = self.opened()
        file.append([intent("a"), intent("b"), outcome("b")], AT)
        self.rotate()
        file.append([intent("c")], AT)
        file.close()
        self.opened()
        self.assertEqual(self.abandoned, ["a", "c"])

    def test_renamed_while_stopped(self):
        """A file that was renamed between two processes is continued as well."""
        file = self.opened()
        file.append([intent("a"), outcome("a")], AT)
        file.close()
        self.rotate()
        self.opened().append([intent("b")], AT)
        self.assertIntact("audit.jsonl.1", "audit.jsonl")

    def test_emptied(self):
        """A file that a program copied and emptied goes on with the chain."""
        file = self.opened()
        file.append([intent("a")], AT)
        data = self.path.read_bytes()
        (self.directory / "audit.jsonl.1").write_bytes(data)
        os.truncate(self.path, 0)
        file.append([outcome("a")], AT)
        self.assertIntact("audit.jsonl.1", "audit.jsonl")
        self.flushLoggedErrors()

    def test_removed_end(self):
        """Lines that were removed at the end while no daemon ran leave a gap."""
        file = self.opened()
        file.append([intent("a")], AT)
        kept = self.path.stat().st_size
        file.append([outcome("a")], AT)
        file.close()
        os.truncate(self.path, kept)
        self.opened().append([intent("b")], AT)
        (found,) = self.verified().defects
        self.assertEqual(found.reason, "has number 4 after number 2")


class CrashTests(AuditFileCase):
    """What a crash leaves."""

    def test_any_part(self):
        """After a crash at any byte of a write, the chain goes on and is intact."""
        file = self.opened()
        file.append([intent("a")], AT)
        kept = self.path.read_bytes()
        file.append([outcome("a")], AT)
        file.close()
        data = self.path.read_bytes()
        for size in range(len(kept) + 1, len(data) + 1):
            self.path.write_bytes(data[:size])
            (self.directory / "audit.head").unlink()
            file = self.opened()
            complete = size >= len(data) - 1
            self.assertEqual(self.abandoned, [] if complete else ["a"], size)
            file.append([intent("b")], AT)
            file.close()
            self.assertIntact()
            self.assertEqual("repaired" in self.kinds(), not complete, size)

    def test_part_of_the_first_line(self):
        """After a crash in the first line the chain begins."""
        file = self.opened()
        file.append([], AT)
        file.close()
        data = self.path.read_bytes()
        (self.directory / "audit.head").unlink()
        for size in (0, 1, len(data) // 2):
            self.path.write_bytes(data[:size])
            file = self.opened()
            file.append([intent("a")], AT)
            file.close()
            self.assertIntact()
            (self.directory / "audit.head").unlink()

    def test_abandoned(self):
        """An intent without an outcome is known at the next start, until it has one."""
        file = self.opened()
        file.append([intent("a"), intent("b"), outcome("a")], AT)
        file.close()
        file = self.opened()
        self.assertEqual(self.abandoned, ["b"])
        file.append([outcome("b")], AT)
        file.close()
        self.opened()
        self.assertEqual(self.abandoned, [])


class OtherWriterTests(AuditFileCase):
    """Lines that this object did not write."""

    def test_goes_on_after_them(self):
        """A line of another process is read, and the chain goes on after it."""
        one, two = self.opened(), self.opened()
        for name in "abc":
            one.append([intent(name)], AT)
            two.append([outcome(name)], AT)
        self.assertEqual(self.kinds(), ["opened", *["intent", "outcome"] * 3])
        self.assertIntact()

    def test_forged(self):
        """A line under another key is reported at the next write."""
        file = self.opened()
        file.append([intent("a")], AT)
        forged = Chain(bytes(32), file.head).seal(outcome("a")).text
        with self.path.open("ab") as other:
            other.write(forged)
        with capturedLogs() as logged:
            file.append([intent("b")], AT)
        self.assertIn("was changed", logged[0]["reason"])

    def test_many_defects(self):
        """Of many defects only the first ones are logged, and how many there are."""
        file = self.opened()
        file.append([intent(str(number)) for number in range(9)], AT)
        file.close()
        data = self.path.read_bytes()
        self.path.write_bytes(data.replace(b'"intent"', b'"absent"'))
        with capturedLogs() as logged:
            self.opened()
        self.assertEqual(len(logged), MAX_REPORTED + 1)
        self.assertEqual(logged[-1]["count"], 9)
