"""How a daemon treats twistd's own options."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.startup.twistd import TwistdOptions, _of_application_file

FOREGROUND = {"nodaemon": True, "pidfile": "", "logfile": None, "rundir": "."}
DETACHED = {**FOREGROUND, "nodaemon": False}


class OptionsTests(SynchronousTestCase):
    """Only a daemon that twistd starts has any of them."""

    def test_without_twistd(self):
        """``twist``, and a program that imports us, neither detach nor have files."""
        self.assertEqual(TwistdOptions.around(usage.Options()), TwistdOptions())
        self.assertEqual(TwistdOptions.of({"reactor": None}), TwistdOptions())

    def test_debugger(self):
        """``twistd --debug`` stays in the foreground."""
        self.assertTrue(TwistdOptions.of(DETACHED).detaches)
        self.assertFalse(TwistdOptions.of({**DETACHED, "debug": True}).detaches)

    def test_application_file(self):
        """With ``twistd -y`` they are read from the command line."""
        words = ["-y", "x.tac", "--pidfile", "p", "-l", "log", "--rundir=/"]
        options = TwistdOptions.of(_of_application_file(words))
        self.assertTrue(options.detaches)
        self.assertEqual(options.pid_file, Path("p").absolute())
        self.assertEqual((options.log_file, options.run_dir), ("log", Path("/")))
        options = TwistdOptions.of(_of_application_file(["-ny", "x", "--pidfile="]))
        self.assertEqual((options.detaches, options.pid_file), (False, None))

    def test_other_programs(self):
        """Another program's command line has none of them, and is not refused."""
        for words in (["tests.daemon"], ["--jobs", "1"], ["-n"], []):
            self.assertEqual(_of_application_file(words), {})


class SettingsTests(SynchronousTestCase):
    """The log goes where twistd's goes, and files are found after a ``chdir``."""

    def log_file(self, options: dict[str, object], *given: str) -> Path | None:
        """Return the log file of a daemon."""
        settings = resolve(dict(given_pairs(given)), {})
        return TwistdOptions.of(options).applied_to(settings).log_file

    def test_log_file(self):
        """Our own setting, then ``--logfile``, then ``twistd.log`` if detached."""
        here = Path.cwd()
        named = {**DETACHED, "logfile": "named.log"}
        self.assertEqual(self.log_file(named, "log_file=own.log"), here / "own.log")
        self.assertEqual(self.log_file(named), here / "named.log")
        self.assertEqual(self.log_file(DETACHED), here / "twistd.log")
        self.assertIsNone(self.log_file(FOREGROUND))
        self.assertIsNone(self.log_file({**FOREGROUND, "logfile": "-"}))

    def test_state_of_another_user(self):
        """A user that twistd changes to does not get the state of the one before."""
        for options, given, path in (
            ({"uid": 1}, {}, None),
            ({"chroot": "/"}, {}, None),
            ({"uid": 1}, {"state_dir": "/var/lib/x"}, Path("/var/lib/x")),
            ({}, {}, Path("/home/x/.local/state/instantly-mcp")),
        ):
            settings = resolve(given, {"HOME": "/home/x"})
            applied = TwistdOptions.of({**DETACHED, **options}).applied_to(settings)
            self.assertEqual(applied.state_dir, path)
            warned = any("IMCP-STATE" in line for line in applied.warnings)
            self.assertEqual(warned, path is None)

    def test_absolute(self):
        """Every file that is opened again later is named from the root."""
        pairs = given_pairs(("ready_file=r", "state_dir=s", "seal_key_file=k"))
        settings = TwistdOptions.of(DETACHED).applied_to(resolve(dict(pairs), {}))
        for path in (settings.ready_file, settings.state_dir, settings.seal_key_file):
            assert path is not None
            self.assertTrue(path.is_absolute())


class MistakesTests(SynchronousTestCase):
    """Mistakes at which twistd would fail with a traceback, or silently."""

    def errors(self, **options: object) -> list[str]:
        """Return the lines about a detached daemon with these options."""
        return [*TwistdOptions.of({**DETACHED, **options}).errors()]

    def test_none(self):
        """Usable folders and files are accepted."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.assertEqual(
            self.errors(rundir=str(folder), pidfile=str(folder / "pid")), []
        )

    def test_each(self):
        """Each mistake is one line that names the option."""
        for name, value, word in (
            ("rundir", "/nowhere", "--rundir"),
            ("pidfile", "/nowhere/pid", "--pidfile"),
            ("logfile", "-", "IMCP-LOG"),
        ):
            (line,) = self.errors(**{name: value})
            self.assertIn(word, line)

    def test_user(self):
        """Only root can change to another user."""
        self.patch(os, "geteuid", lambda: 1000)
        for name, value in (("uid", 0), ("gid", 0), ("chroot", "/")):
            (line,) = self.errors(**{name: value})
            self.assertIn("--uid", line)
        self.patch(os, "geteuid", lambda: 0)
        self.assertEqual(self.errors(uid=1), [])


def given_pairs(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return settings as the command line gives them."""
    return [(name, value) for name, _, value in (text.partition("=") for text in texts)]
