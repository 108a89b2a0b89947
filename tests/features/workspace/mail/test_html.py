"""Mail copy becomes HTML once, and keeps its text."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.workspace.mail.html import as_html, one_line

PLAIN = st.text(
    alphabet=st.sampled_from("ab xyz.,!?'\"<>&;#/\n\r\t{}é漢=") | st.characters(),
    max_size=120,
)

PIECES = ["<p>", "</p>", "<br/>", "<b>", "</b>", "<a href='x'>", "<!--", "-->", "&amp;"]
PIECES += ["&", "<", ">", "/", "p", " ", "\n", "\n\n", "text", "<your name>", ";", "#"]


class AsHtmlTests(SynchronousTestCase):
    def test_paragraphs_and_line_ends(self) -> None:
        """Blank lines separate paragraphs, line ends break lines, CRLF is one."""
        self.assertEqual(
            as_html("Hi {{firstName}},\r\n\r\nOne\nTwo\n\n\n\nBye"),
            "<p>Hi {{firstName}},</p><p>One<br/>Two</p><p>Bye</p>",
        )

    def test_signs_are_escaped(self) -> None:
        """A comparison and an ampersand are kept."""
        self.assertEqual(
            as_html("if x < y && y > z"), "<p>if x &lt; y &amp;&amp; y &gt; z</p>"
        )

    def test_html_stays(self) -> None:
        """Copy that is HTML already is not wrapped again."""
        copy = "<p>Hello <b>you</b></p>\n<p>Bye</p>"
        self.assertEqual(as_html(copy), copy)

    def test_stray_signs_in_html(self) -> None:
        """In HTML, too, a sign outside a tag is escaped; entities are kept."""
        self.assertEqual(
            as_html("<p>R&D, x < y, caf&eacute; &#8211;</p>"),
            "<p>R&amp;D, x &lt; y, caf&eacute; &#8211;</p>",
        )

    def test_inline_markup_gets_paragraphs(self) -> None:
        """Bold text in plain copy does not stop the paragraphs."""
        self.assertEqual(
            as_html(
                'Hi <b>Bob</b>\n\nSee <a href="https://example.com/?a=1&b=2">it</a>'
            ),
            "<p>Hi <b>Bob</b></p><p>See "
            '<a href="https://example.com/?a=1&b=2">it</a></p>',
        )

    def test_what_looks_like_a_tag(self) -> None:
        """Words in angle brackets that HTML does not know are text."""
        self.assertEqual(
            as_html("<your name> & <bob@example.com>"),
            "<p>&lt;your name&gt; &amp; &lt;bob@example.com&gt;</p>",
        )

    def test_comments_without_end(self) -> None:
        """A start of a comment that never ends is text, and costs nothing more.

        Of so many each would read all the rest: that took hours, in which no
        other client was served.
        """
        self.assertEqual(as_html("a <!-- b"), "<p>a &lt;!-- b</p>")
        self.assertEqual(
            as_html("<!-- <br> -->a <b>c</b> <!-- <i>d</i>"),
            "<!-- <br> -->a <b>c</b> &lt;!-- <i>d</i>",
        )
        many = 500_000
        self.assertEqual(as_html("<!--" * many), f"<p>{'&lt;!--' * many}</p>")

    def test_nothing_stays_nothing(self) -> None:
        """Empty copy makes no paragraph."""
        self.assertEqual(as_html(" \n\n "), "")

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(PIECES)).map("".join) | PLAIN)
    def test_formatting_twice_changes_nothing(self, copy: str) -> None:
        """What was formatted is left as it is."""
        once = as_html(copy)
        self.assertEqual(as_html(once), once)

    @settings(deadline=None)
    @given(PLAIN)
    def test_paragraphs_never_nest(self, copy: str) -> None:
        """No paragraph opens within a paragraph."""
        depth = 0
        for tag in re.findall(r"</?p>", as_html(copy)):
            depth += -1 if tag.startswith("</") else 1
            self.assertIn(depth, (0, 1))
        self.assertEqual(depth, 0)

    @settings(deadline=None)
    @given(st.text(alphabet="abc <>.\n{}'\"", max_size=120))
    def test_the_words_survive(self, copy: str) -> None:
        """Plain copy reads the same once the markup is undone."""
        made = as_html(copy)
        shown = unescape(re.sub(r"</?p>|<br/>", " ", made))
        if "<b" in copy or "<a" in copy or "</" in copy:
            return
        self.assertEqual(shown.split(), copy.split())

    def test_subjects_are_one_line(self) -> None:
        """Line ends in a subject become spaces."""
        self.assertEqual(one_line("  A\r\n quick\tone "), "A quick one")
