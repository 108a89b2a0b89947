"""The top level of the tree, from which a newcomer learns what the project has."""

from __future__ import annotations

import subprocess
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

ROOT = Path(__file__).parent.parent

FOLDERS = {
    *(".ci", "benchmarks", "changelog.d", "deploy", "docs", "instantly_mcp"),
    *("tests", "twisted"),
}
FILES = {
    *(".dockerignore", "Dockerfile", "compose.yaml", "server.json"),
    *(".gitignore", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "Makefile", "NEWS.md"),
    *("README.md", "instantly.tac", "pyproject.toml", "setup.py"),
}


class TopLevelTests(SynchronousTestCase):
    """What stands at the top level."""

    def test_only_what_is_known(self):
        """Nothing is committed there by accident, such as what a test left behind."""
        if not (ROOT / ".git").exists():
            raise SkipTest("this is not a git checkout")
        listed = subprocess.run(
            ["git", "ls-tree", "--name-only", "HEAD"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual(set(listed.stdout.split("\n")) - {""}, FOLDERS | FILES)
