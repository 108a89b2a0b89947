"""With an old Python or without dependencies the command ends with one line."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._prerequisites import MODULES, OLDEST
from tests.support.timing import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent
ENTRY_FILES = ("_prerequisites.py", "__init__.py", "__main__.py")
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def ran(command: Sequence[str]) -> tuple[int, str]:
    """Run a command in the checkout; return its status and all that it wrote."""
    done = subprocess.run(
        [command[0], "-B", *command[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def candidates() -> Iterator[str]:
    """Yield the paths of other interpreters on this machine."""
    names = ("python2", "python3", *(f"python3.{minor}" for minor in range(5, 11)))
    yield from filter(None, map(shutil.which, names))
    versions = Path.home() / ".pyenv" / "versions"
    yield from map(str, sorted(versions.glob("*/bin/python")))


@cache
def required() -> set[str]:
    """Return the distributions that ``setup.py`` requires to run the program."""
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    (listed,) = re.findall(r"install_requires=\[(.*?)\n    \]", setup, re.DOTALL)
    return set(re.findall(r'"([A-Za-z-]+)', listed))


def old_pythons() -> Sequence[str]:
    """Return one interpreter of each version that is too old."""
    found: dict[str, str] = {}
    for path in candidates():
        status, version = ran([path, "-c", VERSION])
        numbers = tuple(map(int, re.findall(r"\d+", version)))
        if status == 0 and numbers < OLDEST:
            found.setdefault(version.strip(), path)
    return tuple(found.values())


class OldPythonTests(SynchronousTestCase):
    def refusals(self, *words: str) -> Iterator[str]:
        """Yield the message of each old Python; it must be one line, with status 78."""
        if not old_pythons():
            raise SkipTest("no Python older than 3.11 is installed")
        for python in old_pythons():
            status, text = ran([python, *words])
            self.assertEqual(status, 78, (python, text))
            self.assertEqual(text.count("\n"), 1, (python, text))
            yield text

    def test_module(self):
        """``python -m instantly_mcp`` says which version is needed."""
        for words in ((), ("run", "--sandbox"), ("check",)):
            for text in self.refusals("-m", "instantly_mcp", *words):
                self.assertIn("Python 3.11 or newer is needed, and this is ", text)
                self.assertIn("make run", text)

    def test_console_script(self):
        """The command that pip installs does so as well, if pip ignores the version.

        The metadata already keep pip from installing it for an old Python.
        """
        code = "import sys; from instantly_mcp.cli import main; sys.exit(main())"
        setup = (ROOT / "setup.py").read_text(encoding="utf-8")
        self.assertIn('python_requires=">=3.11"', setup)
        self.assertIn('"instantly-mcp = instantly_mcp.cli:main"', setup)
        pythons = [path for path in old_pythons() if not self.is_python_2(path)]
        if not pythons:
            raise SkipTest("no Python 3 older than 3.11 is installed")
        for python in pythons:
            status, text = ran([python, "-c", code])
            self.assertEqual((status, text.count("\n")), (78, 1), (python, text))
            self.assertIn("Python 3.11 or newer is needed", text)

    def is_python_2(self, path: str) -> bool:
        """Return whether an interpreter is one of Python 2, which pip left long ago."""
        return ran([path, "-c", VERSION])[1].startswith("2.")

    def test_tac(self):
        """``instantly.tac`` says which version is needed."""
        for text in self.refusals("instantly.tac"):
            self.assertIn("Python 3.11 or newer is needed", text)

    def test_ascii(self):
        """Python 2 cannot read the files that it loads first unless they are
        ASCII.
        """
        for name in ENTRY_FILES:
            self.assertTrue((ROOT / "instantly_mcp" / name).read_bytes().isascii())
        self.assertTrue((ROOT / "instantly.tac").read_bytes().isascii())


class DependencyTests(SynchronousTestCase):
    def test_nothing_installed(self):
        """In a clone without the dependencies the message says how to install them."""
        for words in (["-m", "instantly_mcp"], ["instantly.tac"]):
            status, text = ran([sys.executable, "-S", *words])
            self.assertEqual((status, text.count("\n")), (78, 1), text)
            self.assertIn("instantly-mcp: Twisted is not installed for", text)
            self.assertIn("make run", text)
            self.assertIn(".venv/bin/pip install .", text)

    def test_complete(self):
        """Each distribution that ``setup.py`` requires is looked for at the start.

        The time zones are not: only some machines lack them.
        """
        looked_for = {distribution for _, distribution in MODULES}
        # The last two are dependencies of Twisted[tls].
        self.assertEqual(
            looked_for - {"pyOpenSSL", "service-identity"},
            required() - {"tzdata"},
            "list what setup.py requires in MODULES of instantly_mcp/_prerequisites.py",
        )

    def test_reasons(self):
        """``docs/decisions.md`` gives the reason for each distribution required."""
        document = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
        table = document.partition("## Run-time dependencies")[2].partition("\n## ")[0]
        explained = set(re.findall(r"(?m)^\| ([\w-]+) \|", table)) - {"Distribution"}
        fix = "give the reason in the table of dependencies in docs/decisions.md"
        self.assertEqual(explained - {"---"}, required(), fix)


class FileTests(SynchronousTestCase):
    """The package also runs as a file."""

    def test_no_module_is_hidden(self):
        """No module of the package is imported in place of one of Python."""
        for path in ("instantly_mcp", "instantly_mcp/__main__.py"):
            status, output = ran([sys.executable, path, "--version"])
            self.assertEqual((status, output[:14]), (0, "instantly-mcp "), output)
