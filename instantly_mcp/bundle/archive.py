"""Writes the bundle: a zip archive whose bytes depend on its contents alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ..icons import PNG_512
from .manifest import ICON, manifest

FILE_NAME = "instantly-mcp.mcpb"
MEDIA_TYPE = "application/octet-stream"
"""Safari unpacks what comes as ``application/zip``."""

_CHANGED = (1980, 1, 1, 0, 0, 0)
"""The oldest time of the format. The time of a file would change the bytes."""

_UNIX = 3
_MODE = 0o100644 << 16


@lru_cache(maxsize=4)
def bundle(url: str | None = None) -> bytes:
    """Return the bundle.

    :param url: URL of the daemon's MCP endpoint, see `manifest`.
    """
    return archived(contents(url))


def contents(url: str | None = None) -> Mapping[str, bytes]:
    """Return the files of the bundle by their paths, in the order of the archive."""
    described = json.dumps(manifest(url), indent=2, ensure_ascii=False)
    sources = _sources(files(__package__).joinpath("server"), "server")
    return {
        "manifest.json": f"{described}\n".encode(),
        ICON: PNG_512.read(),
        **dict(sorted(sources)),
    }


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        below = f"{path}/{each.name}"
        if each.is_dir():
            yield from _sources(each, below)
        elif each.name.endswith(".js"):
            yield below, each.read_bytes()


def archived(contents: Mapping[str, bytes]) -> bytes:
    """Return a zip archive: fixed times and modes, files in the given order."""
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, body in contents.items():
            entry = ZipInfo(name, _CHANGED)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, body)
    return written.getvalue()
