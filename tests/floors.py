"""Prints the oldest versions that ``setup.py`` allows, as constraints for pip.

``python -m tests.floors > floors.txt; pip install -c floors.txt -e '.[test]'`` installs
them.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_FLOOR = re.compile(r"([A-Za-z0-9._-]+)(?:\[[A-Za-z0-9,_-]+\])?>=([0-9][0-9.]*)")


class NoFloor(Exception):
    """A requirement does not state its oldest version."""


def requirements() -> Sequence[str]:
    """Return the requirements of the program and its tests from ``setup.py``.

    Development tools are not included: CI uses their newest versions.
    """
    # It provides distutils, which Python itself no longer contains from 3.12 on.
    importlib.import_module("setuptools")
    run_setup: Any = importlib.import_module("distutils.core").run_setup
    project = run_setup(str(ROOT / "setup.py"), stop_after="init")
    extras = project.extras_require
    named = [extras[name] for name in sorted(extras) if name != "dev"]
    return [*project.install_requires, *chain.from_iterable(named)]


def pinned(requirement: str) -> str:
    """Return a requirement with its oldest version only.

    :raises NoFloor: when it does not consist of a name and a floor.
    """
    found = _FLOOR.fullmatch(requirement)
    if found is None:
        raise NoFloor(f"{requirement!r} is not of the form NAME>=VERSION")
    return f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    sys.stdout.write("".join(f"{pinned(one)}\n" for one in requirements()))
