"""Text is cleaned of what a person cannot see and of what a client would fetch."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.untrusted.cleaning import (
    INVISIBLE,
    MAX_READ_CHARACTERS,
    cleaned,
)

PIECES = (
    *"<>/!-ab\"'= ![]():;#u482\u200b\ufdd0",
    *("<img", "<b ", " style=", "display:none", "javascript:", "data:a/b,", "<!--"),
    *("-->", "<a href=", "<svg>", "</svg>", "![", "<script>", "<style>", "&#115;"),
    *("<u482>", "</u482>", "</p>", "<p>", " hidden", "](", "]:", "<p hidden>"),
)
MARKUP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)

SHOWN_FORMATS = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891}
SHOWN_FORMATS |= {0x8E2, 0x110BD, 0x110CD}
"""Characters of the category Cf that a font shows: signs before Arabic numbers, …"""


class InvisibleTests(SynchronousTestCase):
    def test_characters(self) -> None:
        """Zero-width, bidirectional, tag and control characters go; text stays."""
        hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore")
        text = f"pay\u200b\u202e\u2066 {hidden}now\x07\ufe0f é 日本\n\tend\ufffd"
        self.assertEqual(cleaned(text), "pay now é 日本\n\tend\ufffd")

    def test_whole_class(self) -> None:
        """Each control and format character of Unicode that shows nothing is removed.

        Variation selectors, blank letters and noncharacters are not in these
        categories; they are named.
        """
        for code in range(sys.maxunicode + 1):
            kind = unicodedata.category(chr(code))
            shown = code in SHOWN_FORMATS or chr(code) in "\n\t"
            if kind in ("Cc", "Cf") and not shown:
                self.assertEqual(cleaned(chr(code)), "", hex(code))
        for named in "\u034f\u115f\u1160\u17b4\u2800\u3164\uffa0\ufe0f\U000e0100\ufdd0":
            self.assertEqual(cleaned(f"a{named}b"), "ab", hex(ord(named)))

    @given(st.text(max_size=300))
    def test_never_survive(self, text: str) -> None:
        """Whatever goes in, nothing invisible comes out, and cleaning is final."""
        once = cleaned(text)
        self.assertIsNone(INVISIBLE.search(once))
        self.assertEqual(cleaned(once), once)

    @given(st.text(alphabet="aZ09 .,'&@+/_()-"))
    def test_ordinary_text(self, text: str) -> None:
        """Text that is returned unread is what a full cleaning would leave of it."""
        self.assertEqual(cleaned(text), text)
        self.assertEqual(cleaned(f"{text}\u200b"), text)

    def test_nothing_suspicious(self) -> None:
        """A plain text is returned as it is."""
        text = "Hello Ann,\n\nif 3 < 4 then a[0] is fine: see https://example.com (ok)."
        self.assertIs(cleaned(text), text)


class FetchedTests(SynchronousTestCase):
    def test_images(self) -> None:
        """Nothing is left that a client would fetch to display it."""
        for text, shown in (
            ("a ![x](https://e.example/?q=secret) b", "a [image] b"),
            ("a ![x][ref] b", "a [image] b"),
            (
                "![ref]\n\n[ref]: https://e.example",
                "[image]\n\n[ref]: https://e.example",
            ),
            ('a <IMG src="https://e.example/"> b', "a [image] b"),
            ("!\u200b[a](https://e.example/)", "[image]"),
            ("<svg><image href=https://e.example/></svg>.", " ."),
            ('<td background="https://e.example/">a</td>', "<td>a</td>"),
            ('<p style="background:url(https://e.example/)">a</p>', "<p>a</p>"),
            ('<video poster="https://e.example/">a</video>b', " b"),
            ("<link rel=stylesheet href=https://e.example/>b", " b"),
            ("<iframe src=https://e.example/>x</iframe>b", " b"),
            ("<style>@import 'https://e.example'</style>b", " b"),
        ):
            with self.subTest(text=text):
                self.assertEqual(cleaned(text), shown)

    def test_images_in_images(self) -> None:
        """An image that appears when another one is removed is removed, too."""
        for text in (
            "!![a](https://e.example/a)(https://e.example/b)",
            '<img src="https://e.example/" <img>>',
            "<im<!-- -->g src=https://e.example/>",
            "<i\u200bmg src=https://e.example/>",
            "<img src=https://e.example/",
        ):
            with self.subTest(text=text):
                self.assertNotRegex(cleaned(text), r"!\[|<img[\s/>]")

    def test_links(self) -> None:
        """Links that execute something lose their target; others keep it."""
        for text in (
            "[a](javascript:alert(1))",
            "[a](JaVaScRiPt:x)",
            "[a](data:text/html;base64,PGI+)",
            "[a](java&#115;cript:x)",
            "[a](vbscript:x)",
            "[a]: javascript:x",
            "<a href='javascript:x()'>a</a>",
            "<a href='java\nscript:x()'>a</a>",
            "<a href='&#106;avascript:x()'>a</a>",
            "<a href='data:text/html,x'>a</a>",
            "<a href='/ok' onclick='javascript:x()'>a</a>",
        ):
            with self.subTest(text=text):
                shown = cleaned(text).lower()
                self.assertNotRegex(shown, r"script:|script&|data:|onclick|&#")
        for text in (
            "[a](https://example.com/?q=1) <ann@example.com> JavaScript: a language",
            '<a href="https://example.com/?q=1">a</a> the data: 5',
            "[a](mailto:ann@example.com)",
        ):
            self.assertEqual(cleaned(text), text)


class HiddenTests(SynchronousTestCase):
    def test_elements(self) -> None:
        """The text of an element that a browser hides is removed, and said to be."""
        for style in (
            "display:none",
            "DISPLAY : None !important",
            "visibility:hidden",
            "font-size:0",
            "font-size: 0.1em",
            "font:0px Arial",
            "opacity:0",
            "mso-hide:all",
            "color:#fff",
            "color:#FEFEFE",
            "color:rgb(255,255,255)",
            "color:white;background:#fefefe",
            "color:transparent",
            "text-indent:-9999px",
            "position:absolute;left:-5000px",
            "max-height:0;overflow:hidden",
        ):
            with self.subTest(style=style):
                html = f"a<div style='{style}'>secret <b>order</b></div>b"
                self.assertEqual(cleaned(html), "a[hidden text removed]b")

    def test_other_ways(self) -> None:
        """Attributes, style sheets and comments hide text as well."""
        for html in (
            "a<p hidden>secret</p>b",
            "<style>.q, p{display:none}</style>a<p>secret</p>b",
            "<style>.q{display:none}</style>a<i class='x q'>secret</i>b",
            "<style>#q{color:#fff}</style>a<i id=q>secret</i>b",
            "<style>.q{display:none}</style><style>.q{color:red}</style>"
            "a<i class=q>secret</i>b",
            "<style>/*x*/.q{display:none}/*</style>a<i class=q>secret</i>b",
            "<style>@media all{.q{display:none}}</style>a<i class=q>secret</i>b",
            f"a<i style='font:{' ' * 200}normal{' ' * 200}0px x'>secret</i>b",
            "a<font color=white>secret</font>b",
            "a<font size=0>secret</font>b",
            "a<!-- secret -->b",
            "a<!--[if mso]>secret<![endif]-->b",
            "a<title>secret</title>b",
            "a<template>secret</template>b",
            "a<body bgcolor=black><i style='color:#000'>secret</i>b",
            "a<p hidden>secret<p hidden>secret</p>b",
            "a<span style='display:none'>secret",
        ):
            with self.subTest(html=html):
                self.assertNotIn("secret", cleaned(html))

    def test_visible(self) -> None:
        """What a person sees stays: markup, and white letters on a dark ground."""
        for html in (
            "<p style='color:red;font-size:12px'>a</p>",
            "<td style='background:#000'><b style='color:white'>a</b></td>",
            "<p>a<p>b",
            "x < y, <o:p>a</o:p>, On Monday Ann <ann@example.com> wrote:",
        ):
            with self.subTest(html=html):
                self.assertEqual(cleaned(html), html)

    def test_any_markup(self) -> None:
        """Hostile markup costs little more time than the same amount of text.

        It is read in linear time, and cut; each of these took seconds to minutes with
        an expression that looks ahead.
        """
        starts = ("<!--", "<a ", '<a href="', "<a href='\">", "</a ", "<![", "<div>")
        for start in (*starts, "<p hidden>", "![", "](x", "<style>a{", "[a]: ", "</x>"):
            with self.subTest(start=start):
                self.assertLess(len(cleaned(start * 100_000)), MAX_READ_CHARACTERS * 2)

    def test_any_style(self) -> None:
        """So do style sheets and styles: each of these took many seconds."""
        many = MAX_READ_CHARACTERS // 2
        most = 2 * many - 30
        rule = ".a{" + "x:y;" * (many // 8) + "}"
        for html in (
            "<style>" + "x" * most + "</style>",
            "<style>" + "x" * most + "!{}</style>",
            "<style>" + "/*" * (many - 30) + "</style>",
            "<style>" + ".a," * (many // 3) + rule + "</style>",
            "<b style='font:" + "1" * most + "'>x</b>",
            "<b style='left:" + "1" * most + "'>x</b>",
            f"<style>{rule}</style><b class='{'a ' * (many // 4)}'>x</b>",
            f"<style>{rule}</style>" + "<b class=a>" * (many // 11),
        ):
            with self.subTest(html=html[:20]):
                self.assertLess(len(cleaned(html)), MAX_READ_CHARACTERS * 2)

    @given(MARKUP)
    def test_cleaning_is_final(self, html: str) -> None:
        """No combination of markup leaves anything for a second cleaning."""
        once = cleaned(html)
        self.assertEqual(cleaned(once), once)
        self.assertNotRegex(once, r"(?i)!\[|<img[\s/>]|</?u\d[0-9a-z]*>")


class LengthTests(SynchronousTestCase):
    def test_excess(self) -> None:
        """Long text is cut, and says by how much."""
        self.assertEqual(cleaned("x" * 15, 10), "x" * 10 + "… [5 characters cut]")
        long = cleaned("x" * 60_000)
        self.assertTrue(long.endswith("… [10000 characters cut]"), long[-40:])
