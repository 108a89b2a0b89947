"""Writes the bundle: a zip archive whose bytes depend on its contents alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
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
    sources = files(__package__).joinpath("server")
    return {
        "manifest.json": f"{described}\n".encode(),
        ICON: PNG_512.read(),
        **{
            f"server/{source.name}": source.read_bytes()
            for source in sorted(sources.iterdir(), key=lambda each: each.name)
            if source.name.endswith(".js")
        },
    }


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
