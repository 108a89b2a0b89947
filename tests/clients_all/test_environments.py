"""A client is installed once for each version of its pins."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from . import clients, environments
from .clients import CLIENTS
from .environments import NotInstallable, command, install, run_installer


class InstallTests(SynchronousTestCase):
    """What is run, and when."""

    def setUp(self) -> None:
        """Install nothing: keep the commands, in a folder of the test's own."""
        self.work = Path(self.mktemp()).resolve()
        self.commands: list[Sequence[str]] = []
        self.patch(clients, "WORK", self.work)

        def keep(words: Sequence[str], folder: Path) -> None:
            self.commands.append(words)

        self.patch(environments, "run_installer", keep)

    def test_python(self) -> None:
        """A client from PyPI gets an environment with its requirements."""
        client = next(each for each in CLIENTS if not each.npm)
        install(client)
        self.assertEqual(self.commands[0][:3], (sys.executable, "-m", "venv"))
        self.assertEqual(self.commands[1][-2:], ("-r", str(client.pins[0])))

    def test_npm(self) -> None:
        """A client from npm gets its package and lock files."""
        client = next(each for each in CLIENTS if each.npm)
        install(client)
        self.assertEqual(self.commands, [environments.NPM])
        for path in client.pins:
            copy = client.folder / path.name
            self.assertEqual(copy.read_bytes(), path.read_bytes())

    def test_again(self) -> None:
        """It is installed again when the pins change, and only then."""
        client = next(each for each in CLIENTS if each.npm)
        install(client)
        install(client)
        self.assertEqual(len(self.commands), 1)
        (client.folder / ".installed").write_text("older pins", encoding="utf-8")
        left_over = client.folder / "left-over"
        left_over.touch()
        install(client)
        self.assertEqual(len(self.commands), 2)
        self.assertFalse(left_over.exists())

    def test_failure(self) -> None:
        """After a failure it is tried again."""

        def fail(words: Sequence[str], folder: Path) -> None:
            raise NotInstallable("no network")

        client = CLIENTS[0]
        self.patch(environments, "run_installer", fail)
        for _ in range(2):
            self.assertRaises(NotInstallable, install, client)


class CommandTests(SynchronousTestCase):
    """How installers and drivers are run."""

    def test_installer_fails(self) -> None:
        """The last line of its output is the reason."""
        script = "import sys; sys.exit('first\\nno such version')"
        words = (sys.executable, "-c", script)
        failed = self.assertRaises(NotInstallable, run_installer, words, Path())
        self.assertEqual(str(failed), "no such version")

    def test_installer_is_missing(self) -> None:
        """A missing npm is a reason, too."""
        failed = self.assertRaises(
            NotInstallable, run_installer, ("/no-such-program",), Path()
        )
        self.assertIn("no-such-program", str(failed))

    def test_drivers(self) -> None:
        """A driver is run by the program that its client needs."""
        for client in CLIENTS:
            program, script = command(client)
            self.assertEqual(script, str(client.driver))
            if client.driver.suffix == ".mjs":
                self.assertEqual(Path(program).name, "node")
            elif client.npm:
                self.assertEqual(program, sys.executable)
            else:
                self.assertEqual(Path(program).parent.parent, client.folder)
