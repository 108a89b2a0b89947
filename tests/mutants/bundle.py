"""Mutants of the extension for Claude Desktop."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

MANIFEST = "bundle/manifest.py"
ARCHIVE = "bundle/archive.py"

DESCRIBED = "bundle.test_manifest"
ARCHIVED = "bundle.test_archive"

MUTANTS: Sequence[Mutant] = (
    both(
        "Claude Desktop masks the access token, and stores it in the keychain",
        MANIFEST,
        '            "sensitive": True,\n',
        "",
        DESCRIBED,
    ),
    both(
        "The access token is on no command line",
        MANIFEST,
        '"args": [f"${{__dirname}}/{ENTRY_POINT}"],',
        '"args": [f"${{__dirname}}/{ENTRY_POINT}", f"${{user_config.{TOKEN}}}"],',
        DESCRIBED,
    ),
    both(
        "An address that has a default does not have to be entered",
        MANIFEST,
        'address = {"required": False, "default": url}',
        'address = {"required": True, "default": url}',
        DESCRIBED,
    ),
    both(
        "The same bundle has the same bytes, whenever it is built",
        ARCHIVE,
        "            entry = ZipInfo(name, _CHANGED)",
        "            entry = ZipInfo(name, (2026, 1, 1, len(name) % 24, 0, 0))",
        ARCHIVED,
    ),
)
