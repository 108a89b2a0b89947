"""``docs/install.md`` agrees with the program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp import __version__
from instantly_mcp.cli.command import CommandLine, with_default
from tests.daemon.processes import ROOT

MANUAL = ROOT / "docs" / "install.md"


def commands() -> Iterator[list[str]]:
    """Yield the words after the program, for each command of the program."""
    text = MANUAL.read_text(encoding="utf-8")
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(re.split(" [<>] ", line)[0], comments=True)
            # The name of the container and of the image is that of the program.
            places = [
                place
                for place, word in enumerate(words)
                if word.rpartition("/")[2] == "instantly-mcp"
            ]
            if places and words[0] not in {"docker", "python3", "eval"}:
                yield words[places[-1] + 1 :]


class ManualTests(SynchronousTestCase):
    """What the manual shows can be typed."""

    def test_commands(self):
        """The program accepts each command."""
        found = list(commands())
        self.assertGreater(len(found), 5)
        for words in found:
            CommandLine().parseOptions(with_default(words))

    def test_version(self):
        """The names of wheels have the version of the program."""
        text = MANUAL.read_text(encoding="utf-8")
        versions = set(re.findall(r"instantly_mcp-([\d.]+)-py3", text))
        self.assertEqual(versions, {__version__})

    def test_never_by_name_alone(self):
        """No text installs by name alone: on PyPI the name is another program."""
        by_name = re.compile(
            r"\b(?:pipx?|uv tool) (?:install|run) (?:-\S+ )*instantly-mcp\b"
            r"|\buvx instantly-mcp\b"
        )
        texts = [*(ROOT / "docs").rglob("*"), *ROOT.glob("*.md"), ROOT / "Makefile"]
        for each in texts:
            if each.suffix in {"", ".md", ".yml", ".py", ".toml"} and each.is_file():
                found = by_name.findall(each.read_text(encoding="utf-8"))
                self.assertEqual(found, [], each)
