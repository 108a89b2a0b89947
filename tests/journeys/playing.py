"""Plays a page, and records it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .stage import ROOT, Stage, stage_in
from .transcript import Entry, blocks_of

PAGES = ROOT / "docs" / "journeys"


def play_page(page: Path, folder: Path) -> list[str]:
    """Play a page in a folder; return a text for each entry that differs."""
    return [
        _difference(page, entry, shown)
        for entry, shown, fits in _played(page, folder)
        if not fits
    ]


def record_page(page: Path, folder: Path) -> int:
    """Write what was shown into the page where it differs; return how often."""
    lines = page.read_text(encoding="utf-8").splitlines()
    changed = [each for each in _played(page, folder) if not each[2]]
    for entry, shown, _ in reversed(changed):
        first = entry.line + entry.text.count("\n")
        lines[first : first + len(entry.expected)] = shown
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(changed)


def _played(page: Path, folder: Path) -> Iterator[tuple[Entry, Sequence[str], bool]]:
    blocks = list(blocks_of(page.read_text(encoding="utf-8")))
    stage: Stage = stage_in(folder)
    try:
        for block in blocks:
            yield from stage.play(block)
    finally:
        statuses = stage.close()
    failed = {name: status for name, status in statuses.items() if status}
    assert not failed, f"servers that did not end well: {failed}"


def _difference(page: Path, entry: Entry, shown: Sequence[str]) -> str:
    parts = ["", f"{page.name}:{entry.line}: {entry.text}", "the page shows:"]
    parts += [f"  {line}" for line in entry.expected]
    parts += ["what happened:", *(f"  {line}" for line in shown)]
    return "\n".join(parts)
