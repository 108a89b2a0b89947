"""Packages and the tools that run them: pipx, uvx, and the unpacked sdist."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.utils import getProcessOutputAndValue

from instantly_mcp._deferred import deferred
from tests.daemon.processes import ROOT
from tests.support.programs import requires, takes_long
from tests.support.tool_counts import DEFAULT_TOOLS
from tests.test_packaging import (
    BUILT,
    DEVELOPMENT,
    OF_THE_ROOT,
    InstalledTestCase,
)

from .tools import PIPX, UVX

KEPT = ("HOME", "LANG", "SSL_CERT_FILE")


def environment(folder: Path) -> Mapping[str, str]:
    """Return the environment of a user's shell, with tools that write to a folder."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith(("PIP_", "UV_", "http"))
    }
    return {
        **kept,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": "",
        "PIPX_HOME": str(folder / "pipx"),
        "PIPX_DEFAULT_PYTHON": base_python(),
        "UV_TOOL_DIR": str(folder / "uv"),
        "UV_PYTHON": base_python(),
        "UV_PYTHON_DOWNLOADS": "never",
    }


@cache
def base_python() -> str:
    """Return the Python that the environment of the tests was made with."""
    return os.path.realpath(sys.executable)


class PackageTestCase(InstalledTestCase):
    """Builds the packages once for each test."""

    async def run_tool(self, *words: str, cwd: Path, **environ: str) -> str:
        """Run a program, expecting success; return what it prints."""
        output, errors, status = await getProcessOutputAndValue(
            words[0],
            list(words[1:]),
            env={**environment(self.folder), **environ},
            path=str(cwd),
            reactor=reactor,
        )
        text = (output + errors).decode()
        self.assertEqual(status, 0, text[-3000:])
        return str(text)

    async def built_wheel(self) -> Path:
        """Return a wheel of the checkout."""
        wheels = self.folder / "wheels"
        await self.run_tool(
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--no-build-isolation", "--wheel-dir", str(wheels), str(self.source)),
            cwd=self.elsewhere,
        )
        (wheel,) = wheels.iterdir()
        return wheel

    async def answers_with(self, *command: str) -> None:
        """Start the daemon by a command; check its first answer, and that it stops."""
        running = self.spawn(
            (*command, "run", "--sandbox"),
            cwd=self.elsewhere,
            environ=environment(self.folder),
        )
        record: Any = await running.ready()
        listed = await self.call(record["urls"][0], "tools/list")
        self.assertEqual(len(listed["result"]["tools"]), DEFAULT_TOOLS)
        # The tools replace themselves by the program, or pass the signal on.
        os.kill(record["pid"], signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)


class ToolTests(PackageTestCase):
    """Tools that install a program for one run, in an environment of its own."""

    @requires(PIPX, UVX)
    @deferred
    async def test_pipx_and_uvx(self) -> None:
        """The wheel is all that they need; the first answer is that of the sandbox."""
        wheel = str(await self.built_wheel())
        await self.answers_with(UVX.path, "--from", wheel, "instantly-mcp")
        await self.answers_with(PIPX.path, "run", "--spec", wheel, "instantly-mcp")


class UnpackedTests(PackageTestCase):
    """The source distribution, as a packager unpacks it."""

    async def built_sdist(self) -> Path:
        """Return what the sdist of the checkout unpacks to."""
        for pattern in OF_THE_ROOT:
            for path in ROOT.glob(pattern):
                shutil.copy(path, self.source)
        for name in DEVELOPMENT:
            shutil.copytree(ROOT / name, self.source / name, ignore=BUILT)
        built = self.folder / "built"
        await self.run_tool(
            *(sys.executable, "-m", "build", "--sdist", "--no-isolation"),
            *("--outdir", str(built), str(self.source)),
            cwd=self.elsewhere,
        )
        (archive,) = built.iterdir()
        with tarfile.open(archive) as opened:
            opened.extractall(self.folder / "unpacked", filter="data")
        (folder,) = (self.folder / "unpacked").iterdir()
        return folder

    @takes_long("builds, unpacks and tests the sdist")
    @deferred
    async def test_suite_runs(self) -> None:
        """The suite runs in it, and its documents are there and complete."""
        folder = await self.built_sdist()
        await self.make_environment()
        for mark in (".installed", ".installed-dev"):
            (self.prefix / mark).touch()
        said = await self.run_tool(
            "make",
            f"VENV={self.prefix}",
            "TESTS=tests.catalog tests.cli.test_help tests.test_documents",
            "test",
            cwd=folder,
        )
        self.assertIn(" 0 failed", said)
        done = subprocess.run(
            ["make", "--dry-run", f"VENV={self.prefix}", "test"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertNotIn("pip install", done.stdout)
