"""Real shells complete command lines with the scripts."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support.programs import BASH, FISH, ZSH, Needed, requires
from tests.support.timing import PATIENCE_SECONDS

LINES = (
    ("instantly-mcp tok", "instantly-mcp token"),
    ("instantly-mcp token ad", "instantly-mcp token add"),
    ("instantly-mcp token add --acc", "instantly-mcp token add --access"),
    ("instantly-mcp token add --access dr", "instantly-mcp token add --access draft"),
    ("instantly-mcp --policy-sends=app", "instantly-mcp --policy-sends=approve"),
    ("instantly-mcp run --log-format js", "instantly-mcp run --log-format json"),
    ("instantly-mcp check --config conf", "instantly-mcp check --config config.toml"),
    ("instantly-mcp completion fi", "instantly-mcp completion fish"),
)
"""What is typed before the tabulator key, and the line after it."""


def script(shell: str) -> str:
    """Return the script that the program prints."""
    command = [sys.executable, "-m", "instantly_mcp", "completion", shell]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Terminal:
    """A shell at a terminal.

    :param prompt: what the shell prints when it waits for a line.
    """

    def __init__(self, words: list[str], folder: Path) -> None:
        self.seen = b""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            clean = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(folder)}
            os.execve(words[0], words, clean)

    def send(self, text: str) -> None:
        """Type a text."""
        os.write(self.file, text.encode())

    def until(self, text: str) -> str:
        """Read until the terminal shows a text; return what was before it."""
        wanted, end = text.encode(), time.monotonic() + PATIENCE_SECONDS
        while wanted not in self.seen:
            ready, _, _ = select.select([self.file], [], [], end - time.monotonic())
            if not ready:
                raise AssertionError(f"{text!r} is missing in {self.seen!r}")
            self.seen += os.read(self.file, 65536)
        before, _, self.seen = self.seen.partition(wanted)
        return before.decode()

    def close(self) -> None:
        """End the shell."""
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.file)


class ShellTestCase(SynchronousTestCase):
    """Types lines and the tabulator key."""

    def setUp(self) -> None:
        """Have a folder with one file."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        (self.folder / "config.toml").touch()

    def completed(self, shell: Needed, options: list[str], begin: str) -> None:
        """Check all lines in one shell.

        The completed line is not run but printed: the shell goes to its beginning and
        inserts a command there.
        """
        name = shell.name
        (self.folder / f"script.{name}").write_text(script(name))
        terminal = Terminal([shell.path, *options], self.folder)
        self.addCleanup(terminal.close)
        terminal.send(f"{begin}; . ./script.{name}; echo rea''dy\n")
        terminal.until("ready\r\n")
        for typed, expected in LINES:
            terminal.send(f"{typed}\t\x01printf '<%s>' '\x05'; echo do''ne\n")
            # The echo of the keys comes first. zsh removes the last blank.
            shown = terminal.until("done\r\n").replace(" >", ">")
            self.assertIn(f"<{expected}>", shown, (typed, shown))


class BashTests(ShellTestCase):
    """Completion in bash."""

    @requires(BASH)
    def test_lines(self) -> None:
        """Commands, options, values and files are completed."""
        self.completed(BASH, ["--norc", "--noprofile", "-i"], "PS1=")


class ZshTests(ShellTestCase):
    """Completion in zsh."""

    @requires(ZSH)
    def test_lines(self) -> None:
        """Commands, options, values and files are completed."""
        self.completed(
            ZSH, ["-f", "-i"], "PS1=; bindkey -e; autoload -U compinit; compinit -u -D"
        )


class FishTests(ShellTestCase):
    """Completion in fish."""

    @requires(FISH)
    def test_lines(self) -> None:
        """Commands, options, values and files are completed."""
        (self.folder / "script.fish").write_text(script("fish"))
        for typed, expected in LINES:
            done = subprocess.run(
                [
                    FISH.path,
                    "--no-config",
                    "-c",
                    f"source script.fish; complete -C '{typed}'",
                ],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                capture_output=True,
                text=True,
                check=True,
            )
            found = [line.partition("\t")[0] for line in done.stdout.splitlines()]
            last = expected.rpartition(" ")[2]
            self.assertIn(last, found, (typed, done.stderr))
