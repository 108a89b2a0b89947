"""Puts files in place: compares first, then replaces each in one step."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from enum import Enum
from pathlib import Path

from attrs import frozen

from .plan import PlannedFile


class Standing(Enum):
    """How a file that is there compares with the one to write."""

    NEW = "new"
    SAME = "unchanged"
    KEPT = "kept"
    DIFFERENT = "different"


@frozen
class Target:
    """Where files go.

    :param root: stands for ``/``.
    :param replace: also write files that differ from those that are there.
    """

    root: Path = Path("/")
    replace: bool = False

    def path(self, file: PlannedFile) -> Path:
        """Return where a file goes."""
        return self.root / file.path.relative_to("/")

    def standing(self, file: PlannedFile) -> Standing:
        """Compare a file with the one that is there.

        :raises OSError: when that cannot be read.
        """
        try:
            present = self.path(file).read_bytes()
        except FileNotFoundError:
            return Standing.NEW
        if present == file.text.encode():
            return Standing.SAME
        if file.is_secret and not self.replace:
            return Standing.KEPT
        return Standing.DIFFERENT

    def difference(self, file: PlannedFile) -> Iterator[str]:
        """Yield how the file would change, as lines of a unified diff."""
        path = self.path(file)
        if file.is_secret:
            yield f"{path}: another value (not shown)"
            return
        present = path.read_text(encoding="utf-8", errors="replace")
        yield from unified_diff(
            present.splitlines(), file.text.splitlines(), str(path), "new", lineterm=""
        )

    def write(self, file: PlannedFile, group: int | None) -> None:
        """Write a file in one step, and create its folder.

        :param group: the group that may read it, if its mode has one; ``None`` leaves
            it to the operating system.
        :raises OSError: when that is not possible.
        """
        path = self.path(file)
        self._create(path.parent, file, group)
        descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(descriptor, "w", encoding="utf-8") as opened:
                opened.write(file.text)
                # The group first, so that other users cannot read the file in between.
                if group is not None and file.mode & 0o007 == 0:
                    os.fchown(opened.fileno(), -1, group)
                os.fchmod(opened.fileno(), file.mode)
            os.replace(made, path)
        except BaseException:
            os.unlink(made)
            raise

    def _create(self, folder: Path, file: PlannedFile, group: int | None) -> None:
        """Create a folder; one for files that are not public is private as well."""
        if folder.is_dir():
            return
        folder.mkdir(parents=True, mode=0o755)
        if file.mode & 0o007 == 0:
            if group is not None:
                os.chown(folder, -1, group)
            folder.chmod(0o750 if file.mode & 0o040 else 0o700)


def compared(
    place: Target, planned: Sequence[PlannedFile]
) -> Sequence[tuple[PlannedFile, Standing]]:
    """Return each file with how it compares with the one that is there."""
    return [(file, place.standing(file)) for file in planned]
