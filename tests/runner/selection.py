"""Converts names of packages, modules, classes and tests into units of work.

A worker runs one unit at a time: a module, or the class or test that was named. Each
unit belongs to a group, a package of the suite, which has a line in the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parent.parent.parent


@frozen
class Unit:
    """A unit of work, and the group that it belongs to."""

    name: str
    group: str


def dotted(name: str) -> str:
    """Return the dotted name of a path such as ``tests/web/test_app.py``."""
    return name.removesuffix(".py").strip("/").replace("/", ".")


def select(names: Sequence[str], root: Path = ROOT) -> list[Unit]:
    """Return the units of these names; each test is in one unit only.

    :param names: dotted names or paths below `root`.
    """
    units: dict[str, Unit] = {}
    for name in map(dotted, names):
        folder = root.joinpath(*name.split("."))
        if folder.is_dir():
            for module in _modules(folder, root):
                units[module] = Unit(module, _package(module))
        else:
            units[name] = Unit(name, name)
    return [unit for unit in units.values() if not _within_another(unit.name, units)]


def _modules(folder: Path, root: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("test_*.py")):
        yield ".".join(path.relative_to(root).with_suffix("").parts)


def _package(module: str) -> str:
    return ".".join(module.split(".")[:-1][:2])


def _within_another(name: str, units: dict[str, Unit]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:end]) in units for end in range(1, len(parts)))
