"""No page of a list is too large for a model, and paging loses nothing.

A token is counted as four characters of the text block that a model reads. JSON with
many ids and times has more of them; `tests/clients/test_tokens.py` has a tokenizer.
"""

from __future__ import annotations

from typing import Any

from tests.features.page_size_cases import MOST_DEFAULT_TOKENS, PageSizeCase
from tests.features.tools.running.test_cursors import LISTS

MOST_BYTES = 48_000
MOST_DEFAULT_BYTES = 16_000


class PageSizeTests(PageSizeCase):
    def test_default_pages(self) -> None:
        """Each list costs at most 6,000 tokens when no limit is given."""
        for name in LISTS:
            text = self.text(name)
            self.assertLessEqual(len(text) // 4, MOST_DEFAULT_TOKENS, name)
            self.assertLessEqual(len(text.encode()), MOST_DEFAULT_BYTES, name)

    def test_longest_pages(self) -> None:
        """No page is larger than 48 kB, whatever the limit is."""
        for name in LISTS:
            more = {"preview_only": False} if name == "list_emails" else {}
            size = len(self.text(name, limit=100, **more).encode())
            self.assertLessEqual(size, MOST_BYTES, name)
            self.assertGreater(size, MOST_BYTES // 8, f"{name} is not a long page")

    def test_nothing_is_lost(self) -> None:
        """All pages together hold each item once, however long they are."""
        for name, key in (
            ("list_leads", "id"),
            ("list_campaigns", "id"),
            ("list_accounts", "email"),
            ("list_lead_lists", "id"),
            ("list_emails", "id"),
        ):
            ways: list[dict[str, Any]] = [{}, {"limit": 100}, {"limit": 3}]
            found = [self.pages(name, key, **arguments) for arguments in ways]
            for keys in found:
                self.assertEqual(len(keys), len(set(keys)), name)
                self.assertEqual(set(keys), set(found[0]), name)
            if name != "list_emails":
                self.assertGreaterEqual(len(found[0]), 40, name)

    def pages(self, name: str, key: str, **arguments: Any) -> list[str]:
        """Return the keys of all items of a list."""
        found: list[str] = []
        page = self.call(name, **arguments)
        while True:
            found += [item[key] for item in page["items"]]
            if not page["page"]["has_more"]:
                return found
            self.clock.advance(4)  # Instantly lists mail 20 times a minute.
            cursor = page["page"]["next_cursor"]
            page = self.call(name, starting_after=cursor, **arguments)
