"""The command line ``instantly-mcp audit``."""

from __future__ import annotations

import errno
import gzip
import os
import sys
from io import StringIO
from pathlib import Path
from typing import TypeAlias

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject, loads
from instantly_mcp._rights import Rights
from instantly_mcp.access.act import Consent, Ending, EndingKind
from instantly_mcp.access.audit.records import intent, outcome, refused
from instantly_mcp.cli.administration.audit import (
    AuditShowOptions,
    AuditVerifyOptions,
    read_since,
)
from instantly_mcp.daemon.audit.audit_log import stamped
from instantly_mcp.daemon.audit.file import AuditFile
from instantly_mcp.daemon.settings.errors import ConfigurationError
from tests.access.acts import act

AnyOptions: TypeAlias = AuditShowOptions | AuditVerifyOptions

NOW = 1_800_000_000.0
BY_ANN = act(
    id="a1",
    rights=Rights(token="t1", token_name="Ann"),
    consent=Consent(how="approval", by="ada", preview_digest="p9"),
)
BY_BOB = act("deleteLeadList", id="a2", principal="b0b", workspace="South", tool="del")
LINES = (
    (0, intent(BY_ANN)),
    (1, outcome(BY_ANN, Ending(kind=EndingKind.DONE, status=200))),
    (7200, intent(BY_BOB)),
    (7201, outcome(BY_BOB, Ending(kind=EndingKind.AMBIGUOUS))),
    (7300, refused(act(id="a3"), "not_allowed")),
)


class AuditCommandCase(SynchronousTestCase):
    """A state directory with an audit file."""

    def setUp(self):
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()
        self.path = self.directory / "audit.jsonl"
        self.file = AuditFile(self.path, self.directory)
        self.addCleanup(self.file.close)
        self.file.start()
        for after, line in LINES:
            self.write(stamped(line, NOW + after))

    def write(self, line: JsonObject) -> None:
        """Add a line."""
        self.file.append([line], "2027-01-15T08:00:00.000Z")

    def run_command(self, options: AnyOptions, *words: str) -> tuple[int, str, str]:
        """Run a command; return its status, output and errors."""
        out, errors = StringIO(), StringIO()
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", errors)
        options.parseOptions(["--state-dir", str(self.directory), *words])
        status = options.run()
        return status, out.getvalue(), errors.getvalue()


class AuditShowTests(AuditCommandCase):
    """What was done, and who agreed."""

    def shown(self, *words: str) -> list[str]:
        """Return the acts that are shown."""
        _, out, _ = self.run_command(AuditShowOptions(), "--json", *words)
        acts = [loads(line.encode()).get("act", "") for line in out.splitlines()]
        return [each for each in acts if each]

    def test_table(self):
        """One line for each write, with who agreed, outcome and status."""
        status, out, _ = self.run_command(AuditShowOptions())
        self.assertEqual(status, 0)
        _, _, ann, bob, denied = out.splitlines()
        self.assertEqual(
            ann.split("  "),
            [
                *("2027-01-15 08:00:00", "Ann", "Northwind", "activate_campaign", "c1"),
                *("approval by ada", "done 200"),
            ],
        )
        self.assertTrue(bob.endswith("ambiguous"), bob)
        self.assertTrue(denied.endswith("  refused not_allowed"), denied)

    def test_own_consent(self):
        """Who confirmed for itself is not named twice; digests are shortened."""
        who = "0123456789abcdef"
        consent = Consent(how="token", by=who, preview_digest="p9")
        self.write(stamped(intent(act(id="a8", principal=who, consent=consent)), NOW))
        _, out, _ = self.run_command(AuditShowOptions())
        cells = out.splitlines()[-1].split()
        self.assertIn("012345678", cells)
        self.assertEqual(cells[-2:], ["token", "open"])

    def test_kill_switch(self):
        """A line of the kill switch says to what it was switched, and by whom."""
        for off in (True, False):
            line = {"kind": "sending", "off": off, "how": "command", "by": "ada"}
            self.write(stamped(line, NOW))
        _, out, _ = self.run_command(AuditShowOptions())
        cells = [line.split()[2:] for line in out.splitlines()[-2:]]
        self.assertEqual(cells, [["ada", "sending", "off"], ["ada", "sending", "on"]])

    def test_no_alias(self):
        """A workspace without an alias is shown, and found, by its digest."""
        key = "fedcba9876543210"
        self.write(stamped(intent(act(id="a8", workspace="", workspace_key=key)), NOW))
        _, out, _ = self.run_command(AuditShowOptions())
        self.assertIn("fedcba987", out.splitlines()[-1].split())
        self.assertEqual(self.shown("--workspace", "fedcba987"), ["a8"])

    def test_filters(self):
        """Each filter keeps what it names; several of them what all name."""
        for words, acts in (
            ((), ["a1", "a2", "a3"]),
            (("--principal", "t1"), ["a1"]),
            (("--principal", "b0b"), ["a2"]),
            (("--principal", "b"), ["a2"]),
            (("--tool", "del"), ["a2"]),
            (("--workspace", "South"), ["a2"]),
            (("--outcome", "done"), ["a1"]),
            (("--outcome", "open"), []),
            (("--outcome", "refused"), ["a3"]),
            (("--outcome", "ambiguous", "--workspace", "Northwind"), []),
            (("--since", "2027-01-15"), ["a1", "a2", "a3"]),
            (("--since", "2027-01-16"), []),
        ):
            self.assertEqual(self.shown(*words), acts, words)

    def test_none(self):
        """When nothing is left, it says so."""
        _, out, _ = self.run_command(AuditShowOptions(), "--tool", "x")
        self.assertEqual(out, "the audit file has no such entry\n")

    def test_open(self):
        """A write without an outcome is open."""
        self.write(stamped(intent(act(id="a9")), NOW))
        self.assertEqual(self.shown("--outcome", "open"), ["a9"])

    def test_rotated(self):
        """A write whose outcome is in the next file is one entry."""
        self.write(stamped(intent(act(id="a9")), NOW))
        older = self.directory / "audit.jsonl.1.gz"
        older.write_bytes(gzip.compress(self.path.read_bytes()))
        self.path.unlink()
        self.write(stamped(outcome(act(id="a9"), Ending(kind=EndingKind.DONE)), NOW))
        files = ("--file", str(older), "--file", str(self.path))
        self.assertEqual(self.shown(*files, "--outcome", "done"), ["a1", "a9"])
        self.assertEqual(self.shown("--outcome", "done"), ["a9"])

    def test_hostile_text(self):
        """Text of a client cannot control the terminal."""
        self.write(stamped(intent(act(tool="\x1b[2J\n")), NOW))
        _, out, _ = self.run_command(AuditShowOptions())
        self.assertNotIn("\x1b", out)

    def test_missing_file(self):
        """A file that does not exist is named."""
        with self.assertRaises(ConfigurationError) as caught:
            self.run_command(AuditShowOptions(), "--file", "missing")
        self.assertIn("missing cannot be read", caught.exception.lines[0])

    def test_damaged_gzip(self):
        """A compressed file that is not whole is named, with the reason."""
        older = self.directory / "audit.jsonl.1.gz"
        whole = gzip.compress(self.path.read_bytes())
        for data in (b"x", whole[:60], whole[:30] + b"\xff" * 30):
            older.write_bytes(data)
            for options in (AuditShowOptions(), AuditVerifyOptions()):
                with self.assertRaises(ConfigurationError) as caught:
                    self.run_command(options, "--file", str(older))
                self.assertIn(f"{older} cannot be read", caught.exception.lines[0])

    def test_since(self):
        """A span counts from now; anything else but a day is refused."""
        self.assertEqual(read_since("90m", NOW), "2027-01-15T06:30:00.000+00:00")
        self.assertEqual(read_since(None, NOW), "")
        for text in ("x", "", "24", "2026-13-01"):
            self.assertRaises(usage.UsageError, read_since, text, NOW)


class AuditVerifyTests(AuditCommandCase):
    """Whether lines were changed."""

    def verify(self, *words: str) -> tuple[int, str, str]:
        """Run the command."""
        return self.run_command(AuditVerifyOptions(), *words)

    def test_intact(self):
        """An intact file is reported with its head."""
        status, out, _ = self.verify()
        self.assertEqual(status, 0)
        self.assertEqual(
            out.splitlines(), ["lines 1 to 6: intact", f"head: {self.file.head.mac}"]
        )

    def test_changed(self):
        """A changed line is named, and the status is 1."""
        data = self.path.read_bytes()
        self.path.write_bytes(data.replace(b'"South"', b'"North"'))
        status, out, errors = self.verify()
        self.assertEqual(status, 1)
        self.assertIn("NOT intact", out)
        self.assertIn("audit.jsonl line 4 was changed", errors)

    def test_missing_end(self):
        """A missing end is found with the note of the daemon, and with a noted head."""
        head = self.file.head.mac
        lines = self.path.read_bytes().splitlines(keepends=True)
        self.path.write_bytes(b"".join(lines[:-1]))
        status, _, errors = self.verify()
        self.assertEqual(status, 1)
        self.assertIn("number 6 was written", errors)
        (self.directory / "audit.head").unlink()
        self.assertEqual(self.verify()[0], 0)
        self.assertEqual(self.verify("--head", head)[0], 1)

    def test_head(self):
        """A head that was noted earlier is found although the chain went on."""
        head = self.file.head.mac
        self.write(stamped(intent(act(id="a9")), NOW))
        status, out, _ = self.verify("--head", head)
        self.assertEqual(status, 0)
        self.assertIn("writes without an outcome: 1", out)

    def test_several_files(self):
        """Rotated files are verified together, or each alone."""
        older = self.directory / "audit.jsonl.1"
        self.path.rename(older)
        self.write({"kind": "stopped"})
        files = ("--file", str(older), "--file", str(self.path))
        self.assertEqual(self.verify(*files)[0], 0)
        self.assertEqual(self.verify("--file", str(older))[0], 0)
        _, out, _ = self.verify()
        self.assertIn("goes on from line 6 in an earlier file", out)
        self.assertEqual(self.verify(*files[2:], *files[:2])[0], 1)

    def test_json(self):
        """The answer for programs has the same facts."""
        _, out, _ = self.verify("--json")
        answer = loads(out.encode())
        self.assertTrue(answer["intact"])
        self.assertEqual((answer["first"], answer["last"]), (1, 6))

    def test_wrong_head(self):
        """A head that is not one is refused."""
        self.assertRaises(usage.UsageError, self.verify, "--head", "abc")

    def test_no_key(self):
        """Without its key a file cannot be verified."""
        (self.directory / "audit.key").unlink()
        with self.assertRaises(ConfigurationError) as caught:
            self.verify()
        self.assertIn("audit.key", caught.exception.lines[0])

    def test_before_the_first_start(self):
        """Where no daemon ran yet, it says so, and creates nothing."""
        self.directory = self.directory / "new"
        for options in (AuditShowOptions(), AuditVerifyOptions()):
            with self.assertRaises(ConfigurationError) as caught:
                self.run_command(options)
            self.assertIn("when it first starts", caught.exception.lines[0])
        self.assertFalse(self.directory.exists())

    def test_read_only(self):
        """A copy on a medium that is read-only can be verified."""
        self.patch(os, "access", lambda path, mode: False)
        self.assertEqual(self.verify()[0], 0)

    def test_not_visible(self):
        """A file that this user must not see is not taken for a missing one."""

        def denied(path, *_, **__):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        self.patch(Path, "stat", denied)
        self.patch(Path, "open", denied)
        with self.assertRaises(ConfigurationError) as caught:
            self.verify()
        self.assertIn("Permission denied", caught.exception.lines[0])

    def test_lost_file(self):
        """An audit file that is gone is not taken for one that was never begun."""
        self.path.unlink()
        with self.assertRaises(ConfigurationError) as caught:
            self.verify()
        self.assertIn("line 6 was written", caught.exception.lines[0])
