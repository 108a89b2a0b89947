"""What is built is complete, and can be installed and run.

The source distribution holds the whole checkout; the wheel holds the program only.

The installations have files of their own, in an environment of their own. Only the
dependencies are borrowed from the environment of the tests, behind the installation on
the path, so that nothing is downloaded.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.internet.utils import getProcessOutputAndValue

from instantly_mcp._deferred import deferred
from tests.support.tool_counts import DEFAULT_TOOLS

from .daemon.processes import ROOT, ProcessTestCase

PROJECT = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "instantly.tac")
PACKAGES = ("instantly_mcp", "twisted")
DEVELOPMENT = (".ci", "benchmarks", "changelog.d", "deploy", "docs", "tests")
"""The folders that the suite needs in addition to the packages."""

OF_THE_ROOT = (
    *("*.md", "*.py", "*.tac", "*.toml", "*.yaml", "*.json", "MANIFEST.in"),
    *("LICENSE", "Makefile", "Dockerfile", ".dockerignore"),
)
BUILT = shutil.ignore_patterns(
    "__pycache__", "dropin.cache", "node_modules", "work", "*.egg-info"
)


class InstalledTestCase(ProcessTestCase):
    """Installs a copy of the project into an environment of its own."""

    def setUp(self) -> None:
        """Copy what the project is made of, without what was built before."""
        super().setUp()
        self.source = self.folder / "source"
        self.source.mkdir()
        for name in PROJECT:
            shutil.copy(ROOT / name, self.source)
        for name in PACKAGES:
            shutil.copytree(ROOT / name, self.source / name, ignore=BUILT)
        self.prefix = self.folder / "environment"
        self.bin = self.prefix / "bin"
        self.elsewhere = self.folder / "elsewhere"
        self.elsewhere.mkdir()

    @deferred
    async def make_environment(self) -> None:
        """Make an empty environment, with borrowed dependencies."""
        await deferToThread(venv.create, self.prefix, symlinks=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        site = self.prefix / "lib" / version / "site-packages"
        borrowed = sysconfig.get_path("purelib")
        (site / "borrowed.pth").write_text(f"{borrowed}\n", encoding="utf-8")

    @deferred
    async def run_python(self, *words: str) -> str:
        """Run the environment's Python, expecting success."""
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        output, errors, status = await getProcessOutputAndValue(
            str(self.bin / "python"),
            list(words),
            env=environ,
            path=str(self.elsewhere),
            reactor=reactor,
        )
        self.assertEqual(status, 0, (output + errors).decode())
        return str(output.decode().strip())

    def install(self, *words: str) -> Deferred[str]:
        """Install with the borrowed pip, without dependencies.

        The environment of the tests may have the same version installed.
        """
        quiet = ("--quiet", "--disable-pip-version-check", "--no-warn-script-location")
        offline = ("--no-deps", "--no-build-isolation", "--no-index", "--no-cache-dir")
        options = (*quiet, *offline, "--ignore-installed")
        return self.run_python("-m", "pip", "install", *options, *words)

    @deferred
    async def serves(self, *command: str) -> None:
        """Check that an installed command serves, from a folder without the code."""
        words: Sequence[str] = (str(self.bin / command[0]), *command[1:])
        environ = {"PYTHONPATH": "", "INSTANTLY_MCP_SANDBOX": "true"}
        running = self.spawn(words, cwd=self.elsewhere, environ=environ)
        record = await running.ready()
        listed = await self.call(record["urls"][0], "tools/list")
        self.assertEqual(len(listed["result"]["tools"]), DEFAULT_TOOLS)
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)

    @deferred
    async def all_ways_serve(self) -> None:
        """Check the four ways to start."""
        await self.serves("instantly-mcp", "run")
        await self.serves("python", "-m", "instantly_mcp", "run")
        script = self.elsewhere / "twistd.py"
        script.write_text("from twisted.scripts.twistd import run\nrun()\n")
        twistd = ("python", str(script), "-n", "--pidfile=")
        await self.serves(*twistd, "instantly_mcp")
        await self.serves(*twistd, "-y", str(self.source / "instantly.tac"))

    @deferred
    async def where(self) -> Path:
        """Return the folder that the installed package is imported from."""
        code = "import instantly_mcp; print(instantly_mcp.__file__)"
        return Path(await self.run_python("-c", code)).parent


class DependencyTests(ProcessTestCase):
    """What the machine may lack comes along."""

    @deferred
    async def test_time_zones(self):
        """Time zones are known on a machine that has no database of them."""
        code = (
            "from instantly_mcp.features.workspace import timezones as zones\n"
            "print(zones.ZoneInfo('America/New_York'), zones.ZoneInfo('UTC'),"
            " len(zones.available_timezones()) > 400)"
        )
        output, errors, status = await getProcessOutputAndValue(
            sys.executable,
            ["-c", code],
            env={"PATH": os.environ["PATH"], "PYTHONTZPATH": ""},
            path=str(ROOT),
            reactor=reactor,
        )
        self.assertEqual((errors, status), (b"", 0))
        self.assertEqual(output.split(), [b"America/New_York", b"UTC", b"True"])


class MakeTests(ProcessTestCase):
    """``make`` on a machine that lacks something."""

    @deferred
    async def make(self, *lines: str) -> str:
        """Make an environment with such a Python, which fails; return what it says."""
        python = self.folder / "python"
        python.write_text("\n".join(["#!/bin/sh", *lines]), encoding="ascii")
        python.chmod(0o755)
        self.venv = self.folder / "venv"
        output, errors, status = await getProcessOutputAndValue(
            "make",
            [f"PYTHON={python}", f"VENV={self.venv}", f"{self.venv}/bin/python"],
            env={"PATH": os.environ["PATH"]},
            path=str(ROOT),
            reactor=reactor,
        )
        self.assertNotEqual(status, 0, output)
        return str(errors.decode())

    @deferred
    async def test_old_python(self):
        """A Python that is too old is refused before anything is made."""
        said = await self.make("exit 1")
        self.assertIn("Python 3.11 or newer is needed", said)
        self.assertFalse(self.venv.exists())

    @deferred
    async def test_half_an_environment(self):
        """An environment that could not be finished is not taken for one."""
        await self.make(
            '[ "$1" = -c ] && exit 0',
            'mkdir -p "$3/bin"; touch "$3/bin/python"; exit 1',
        )
        self.assertFalse(self.venv.exists())


class WheelTests(InstalledTestCase):
    """The wheel, in an environment that knows nothing of the checkout."""

    @deferred
    async def test_wheel(self):
        """It holds the package and the plugin, and all four ways to start work."""
        await self.make_environment()
        wheels = self.folder / "wheels"
        await self.run_python(
            *("-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--no-index"),
            *("--wheel-dir", str(wheels), str(self.source)),
        )
        (wheel,) = wheels.iterdir()
        names = zipfile.ZipFile(wheel).namelist()
        self.assertIn("twisted/plugins/instantly_mcp_plugin.py", names)
        self.assertIn("instantly_mcp/py.typed", names)
        self.assertIn("instantly_mcp/bundle/server/relay.js", names)
        self.assertIn("instantly_mcp/bundle/server/relay/bridge.js", names)
        self.assertNotIn("twisted/__init__.py", names)
        tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
        self.assertEqual(tops, {"instantly_mcp", "twisted"})
        for path in (ROOT / "instantly_mcp").rglob("*.py"):
            self.assertIn(str(path.relative_to(ROOT)), names)
        await self.install(str(wheel))
        tac = self.source / "instantly.tac"
        shutil.copy(tac, self.elsewhere)
        shutil.rmtree(self.source)
        self.source = self.elsewhere
        self.assertTrue((await self.where()).is_relative_to(self.prefix))
        await self.all_ways_serve()


class SourceDistributionTests(InstalledTestCase):
    """The source distribution (sdist), from which others package the program."""

    @deferred
    async def test_sdist(self):
        """It holds every file of the checkout, so that the suite runs from it."""
        for pattern in OF_THE_ROOT:
            for path in ROOT.glob(pattern):
                shutil.copy(path, self.source)
        for name in DEVELOPMENT:
            shutil.copytree(ROOT / name, self.source / name, ignore=BUILT)
        files = {
            str(path.relative_to(self.source))
            for path in self.source.rglob("*")
            if path.is_file()
        }
        await self.make_environment()
        built = self.folder / "built"
        code = (
            "import os, sys\n"
            "from setuptools import build_meta\n"
            "os.chdir(sys.argv[1])\n"
            "build_meta.build_sdist(sys.argv[2])"
        )
        await self.run_python("-c", code, str(self.source), str(built))
        (archive,) = built.iterdir()
        with tarfile.open(archive) as opened:
            names = {name.partition("/")[2] for name in opened.getnames()}
        self.assertEqual(files - names, set(), "add these files to MANIFEST.in")
        self.assertIn("tests/test_house_rules.py", names)
        self.assertEqual({name for name in names if name.endswith(".pyc")}, set())


class EditableTests(InstalledTestCase):
    """The editable install of a developer."""

    @deferred
    async def test_editable(self):
        """It runs the checkout's own files, and all four ways to start work."""
        await self.make_environment()
        await self.install("--editable", str(self.source))
        self.assertEqual(await self.where(), self.source / "instantly_mcp")
        await self.all_ways_serve()
