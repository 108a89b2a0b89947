"""Tests for texts whose every character is visible."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._visible_text import visible, visible_line


class VisibleTests(SynchronousTestCase):
    """What a person sees of a text that may deceive."""

    def test_examples(self) -> None:
        """Letters stay, and what terminals and browsers obey is spelled out."""
        for text, shown in (
            ("Hello, Ada!", "Hello, Ada!"),
            ("Grüße 東京 😀", "Grüße 東京 😀"),
            ("one\r\ntwo\tthree", "one\ntwo\tthree"),
            ("\x1b[31mred", "[U+001B][31mred"),
            ("a\u202emoc.live", "a[U+202E]moc.live"),
            ("a\u200bb\ufeff", "a[U+200B]b[U+FEFF]"),
            ("a\u2028b\x85c\rd", "a[U+2028]b[U+0085]c[U+000D]d"),
            ("a\u00a0b\u3000c", "a b c"),
            ("\ud800", "[U+D800]"),
            ("<b>&amp;", "<b>&amp;"),
        ):
            self.assertEqual(visible(text), shown, ascii(text))

    @given(st.text(st.characters(exclude_categories=())))
    def test_any(self, text: str) -> None:
        """No invisible character is left, and no letter is lost."""
        shown = visible(text)
        for character in shown:
            if character not in "\n\t":
                self.assertNotIn(unicodedata.category(character)[0], "C", ascii(text))
        letters = [each for each in text if each.isalpha()]
        self.assertEqual([each for each in letters if each not in shown], [])
        self.assertNotIn("\n", visible_line(text))

    def test_long(self) -> None:
        """A long text is cut, with a notice."""
        self.assertEqual(visible("a" * 10, 10), "a" * 10)
        self.assertEqual(
            visible("a" * 12, 10),
            "a" * 10 + " [and 2 more characters, which are not shown]",
        )
