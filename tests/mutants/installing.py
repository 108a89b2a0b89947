"""Mutants of the installation: files, units, tokens in bulk, and the image."""

from __future__ import annotations

from collections.abc import Sequence

from .mutant import Mutant, mutant

PLAN = "cli/installation/plan.py"
PLACING = "cli/installation/placing.py"
INIT = "cli/installation/options.py"
ROTATION = "daemon/control/commands/token_rotation.py"
BOOK = "access/workspaces/book.py"

MUTANTS: Sequence[Mutant] = (
    mutant(
        "both",
        "init leaves a file alone that differs, unless --replace is given",
        INIT,
        "        if different and not place.replace:",
        "        if False:",
        "cli.installation.test_init",
    ),
    mutant(
        "both",
        "init never shows how a key would change",
        PLACING,
        "        if file.is_secret:\n            yield",
        "        if False:\n            yield",
        "cli.installation.test_init",
    ),
    mutant(
        "both",
        "The files with keys are for root and the daemon's group only",
        PLAN,
        "GROUP_ONLY = 0o640",
        "GROUP_ONLY = 0o644",
        "cli.installation.test_plan",
        "cli.installation.test_init",
    ),
    mutant(
        "both",
        "init refuses a program in a home folder, which the unit cannot see",
        INIT,
        "        if program.startswith(HOMES):",
        "        if False:",
        "cli.installation.test_init",
    ),
    mutant(
        "both",
        "A rotated token ends",
        ROTATION,
        "            await self.book.revoke(old)",
        "            pass",
        "daemon.control.commands.test_token_rotation",
    ),
    mutant(
        "both",
        "A new token has the workspaces of the one that it replaces",
        ROTATION,
        "                workspaces=old.workspaces,",
        "                workspaces=(),",
        "daemon.control.commands.test_token_rotation",
    ),
    mutant(
        "both",
        "A check of workspaces reads their key files",
        BOOK,
        "        self._checked(entries)\n\n    def add",
        "        pass\n\n    def add",
        "daemon.control.commands.test_workspaces",
    ),
)
