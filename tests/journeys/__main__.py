"""``python -m tests.journeys [NAME…]``: records pages of ``docs/journeys/`` again.

Look at the difference before you commit it, and put ``…`` where something varies.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .playing import PAGES, record_page


def main(names: list[str]) -> None:
    """Record the named pages, or all of them."""
    pages = [PAGES / f"{name}.md" for name in names] or sorted(PAGES.glob("*.md"))
    for page in pages:
        with tempfile.TemporaryDirectory() as folder:
            count = record_page(page, Path(folder))
        sys.stdout.write(f"{page.name}: {count} changed\n")


if __name__ == "__main__":
    main(sys.argv[1:])
