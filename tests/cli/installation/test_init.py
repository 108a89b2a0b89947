"""``instantly-mcp init`` as an operator runs it."""

from __future__ import annotations

import contextlib
import grp
import io
import os
import stat
import sys
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from instantly_mcp.cli.command import run_command
from instantly_mcp.cli.installation.answers import Given, Questions, answers
from instantly_mcp.cli.installation.system_user import group_id
from instantly_mcp.daemon.settings.loading import examine

KEY = "canary-key-0123456789"
PROGRAM = "/opt/instantly-mcp/bin/instantly-mcp"


class InitTestCase(SynchronousTestCase):
    """Runs the command below a folder of the test's own."""

    def setUp(self) -> None:
        """Have a root and a file with a key; there is no terminal to ask at."""
        self.root = Path(self.mktemp()).absolute()
        self.root.mkdir()
        self.key = self.root / "the.key"
        self.key.write_text(f"{KEY}\n")
        self.patch(sys, "stdin", io.StringIO())

    def init(self, *words: str, systemd: bool = True) -> tuple[int, str]:
        """Run the command; return its status and all that it printed."""
        first = ["--systemd", f"--root={self.root}", f"--program={PROGRAM}"]
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = run_command(["init", *(first if systemd else []), *words])
        self.assertNotIn("canary", out.getvalue())
        return status, out.getvalue()

    def at(self, path: str) -> Path:
        """Return where a file is."""
        return self.root / path.lstrip("/")


class SystemdTests(InitTestCase):
    """``init --systemd`` with ``--root``, as packages and images use it."""

    def test_first_time(self):
        """It writes settings, keys and units, with the modes of the manual."""
        status, said = self.init(f"--api-key-file={self.key}")
        self.assertEqual(status, 0, said)
        for path, mode in (
            ("/etc/instantly-mcp/config.toml", 0o640),
            ("/etc/instantly-mcp/api-key", 0o640),
            ("/etc/instantly-mcp/server-secret", 0o640),
            ("/etc/instantly-mcp", 0o750),
            ("/etc/systemd/system/instantly-mcp.service", 0o644),
            ("/etc/systemd/system/instantly-mcp.socket", 0o644),
            ("/etc/sysusers.d/instantly-mcp.conf", 0o644),
        ):
            self.assertEqual(stat.S_IMODE(self.at(path).stat().st_mode), mode, path)
        self.assertEqual(self.at("/etc/instantly-mcp/api-key").read_text(), f"{KEY}\n")
        self.assertGreater(
            self.at("/etc/instantly-mcp/server-secret").stat().st_size, 40
        )

    def test_settings_are_valid(self):
        """The daemon reads the settings without a mistake but for the other root."""
        self.init(f"--api-key-file={self.key}", "--public-url=https://mcp.example.com")
        config = self.at("/etc/instantly-mcp/config.toml")
        text = config.read_text().replace("/etc/", f"{self.root}/etc/")
        config.write_text(text)
        settings, errors = examine({"config": str(config)}, {})
        self.assertEqual(errors, [])
        self.assertEqual(settings.public_url, "https://mcp.example.com")

    def test_again(self):
        """A second time changes nothing, and keeps the secret."""
        self.init(f"--api-key-file={self.key}")
        secret = self.at("/etc/instantly-mcp/server-secret").read_text()
        status, said = self.init()
        self.assertEqual(status, 0, said)
        self.assertNotIn("wrote", said)
        self.assertEqual(
            self.at("/etc/instantly-mcp/server-secret").read_text(), secret
        )

    def test_changed_by_hand(self):
        """A file that differs is shown with its changes, and nothing is written."""
        self.init()
        unit = self.at("/etc/systemd/system/instantly-mcp.service")
        unit.write_text(unit.read_text().replace("WatchdogSec=30", "WatchdogSec=90"))
        self.at("/etc/systemd/system/instantly-mcp.socket").unlink()
        status, said = self.init()
        self.assertEqual(status, 1)
        self.assertIn("-WatchdogSec=90\n+WatchdogSec=30", said)
        self.assertIn("nothing was written: --replace would change", said)
        self.assertFalse(self.at("/etc/systemd/system/instantly-mcp.socket").exists())
        status, said = self.init("--replace")
        self.assertEqual(status, 0)
        self.assertIn("WatchdogSec=30", unit.read_text())

    def test_another_key(self):
        """A key that is in place is kept; --replace takes the new one, not shown."""
        self.init(f"--api-key-file={self.key}")
        self.key.write_text("canary-other-0123456789\n")
        status, said = self.init(f"--api-key-file={self.key}")
        self.assertEqual(status, 0)
        self.assertIn(f"kept {self.at('/etc/instantly-mcp/api-key')}", said)
        _, said = self.init(f"--api-key-file={self.key}", "--replace")
        self.assertIn("another value (not shown)", said)
        self.assertIn("other", self.at("/etc/instantly-mcp/api-key").read_text())

    def test_dry_run(self):
        """It says what would be written, and writes nothing."""
        status, said = self.init("--dry-run")
        self.assertEqual(status, 0)
        self.assertEqual(said.count("new: "), 5, said)
        self.assertFalse(self.at("/etc").exists())

    def test_group(self):
        """The files are for the daemon's group, which may have any number."""
        if os.geteuid() != 0:
            raise SkipTest("only root gives files to a group")
        self.at("/etc").mkdir()
        self.at("/etc/group").write_text("other:x:1:\ninstantly-mcp:x:4711:\n")
        self.init()
        config = self.at("/etc/instantly-mcp/config.toml").stat()
        self.assertEqual((config.st_uid, config.st_gid), (0, 4711))
        self.assertEqual(self.at("/etc/instantly-mcp").stat().st_gid, 4711)
        self.assertEqual(
            self.at("/etc/systemd/system/instantly-mcp.socket").stat().st_gid, 0
        )

    def test_group_of_this_machine(self):
        """A group is found by its name."""
        first = grp.getgrall()[0]
        self.assertEqual(group_id(Path("/"), first.gr_name), first.gr_gid)
        self.assertIsNone(group_id(Path("/"), "there is no such group"))


class RefusalTests(InitTestCase):
    """What is refused, in one line."""

    def refused(self, *words: str, status: int = 1) -> str:
        """Return the only line of a refusal; nothing is written."""
        found, said = self.init(*words, systemd=False)
        self.assertEqual((found, said.count("\n")), (status, 1), said)
        self.assertFalse(self.at("/etc").exists())
        return said

    def test_not_root(self):
        """Without the rights of root nothing is written to /etc."""
        self.patch(os, "geteuid", lambda: 1000)
        said = self.refused("--systemd", f"--program={PROGRAM}")
        self.assertIn("run it as root (sudo)", said)

    def test_program_in_a_home(self):
        """A program that the unit could not see is refused before it fails there."""
        program = "/root/.venv/bin/instantly-mcp"
        said = self.refused("--systemd", f"--root={self.root}", f"--program={program}")
        self.assertIn("/opt/instantly-mcp", said)

    def test_no_key(self):
        """A file that holds no key is named."""
        for content, why in (("", "it is empty"), ("a b\nc", "2 lines")):
            self.key.write_text(content)
            said = self.refused(
                *("--systemd", f"--root={self.root}", f"--program={PROGRAM}"),
                f"--api-key-file={self.key}",
                status=78,
            )
            self.assertIn(why, said)

    def test_bad_url(self):
        """A text that is not a URL is refused."""
        said = self.refused(
            *("--systemd", f"--root={self.root}", f"--program={PROGRAM}"),
            "--public-url=mcp.example.com",
            status=64,
        )
        self.assertIn("--public-url must be a URL", said)

    def test_root_without_systemd(self):
        """A root is for units only."""
        self.assertIn("are for --systemd", self.refused("--root=/x", status=64))

    def test_folder_that_cannot_be_written(self):
        """The folder is named, with the reason."""
        self.root = self.root / "file"
        self.root.write_text("")
        found, said = self.init()
        self.assertEqual(found, 1)
        self.assertIn("cannot be written: Not a directory", said)


class UserTests(InitTestCase):
    """``init`` for the user who runs it."""

    def test_home(self):
        """Settings and key are in the home folder, for this user alone."""
        self.patch(os, "environ", {**os.environ, "HOME": str(self.root)})
        status, said = self.init(f"--api-key-file={self.key}", systemd=False)
        self.assertEqual(status, 0, said)
        folder = self.root / ".config" / "instantly-mcp"
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)
        settings, errors = examine({"config": str(folder / "config.toml")}, {})
        self.assertEqual(errors, [])
        self.assertEqual(settings.api_key_file, folder / "api-key")
        self.assertIn(f"instantly-mcp run --config {folder}/config.toml", said)


class QuestionTests(InitTestCase):
    """What is asked at a terminal."""

    def asked(self, given: Given, key: str, url: str) -> tuple[str | None, str | None]:
        """Answer the questions; return key and URL as they are used."""
        questions = Questions(shown=lambda _: url, hidden=lambda _: key)
        found = answers(given, self.root, questions)
        return found.key, found.public_url

    def test_answers(self):
        """Empty answers mean nothing; options are not asked again."""
        given = Given(program=PROGRAM)
        self.assertEqual(self.asked(given, "", ""), (None, None))
        self.assertEqual(
            self.asked(given, KEY, "https://a.example/"), (KEY, "https://a.example")
        )
        given = Given(program=PROGRAM, key_file=str(self.key))
        self.assertEqual(self.asked(given, "x", "y"), (KEY, None))
