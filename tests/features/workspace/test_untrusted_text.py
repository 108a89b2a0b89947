"""Untrusted text is cleaned, marked, and cut to a mail without its quotes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.workspace.mail_text import read_html, text_of_html
from instantly_mcp.features.workspace.untrusted_text import (
    INVISIBLE,
    MAX_SHOWN_CHARACTERS,
    UntrustedMarks,
    cleaned,
    cleaned_deeply,
    in_one_line,
    unquoted_text,
)


class CleanedTests(SynchronousTestCase):
    def test_invisible_characters(self) -> None:
        """Zero-width, bidirectional, tag and control characters go; text stays."""
        hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore")
        text = f"pay\u200b\u202e\u2066 {hidden}now\x07\ufe0f é 日本\n\tend"
        self.assertEqual(cleaned(text), "pay now é 日本\n\tend")

    def test_images(self) -> None:
        """Nothing is left that a client would fetch to display it."""
        text = 'a ![x](https://e.example/?q=secret) <IMG src="https://e.example/"> b'
        self.assertEqual(cleaned(text), "a [image] [image] b")

    def test_images_in_images(self) -> None:
        """An image around another one is removed, too."""
        for text in (
            "!![a](https://e.example/a)(https://e.example/b)",
            '<img src="https://e.example/" <img>>',
            "!\u200b[a](https://e.example/)",
        ):
            self.assertNotRegex(cleaned(text), r"!\[|<img")

    def test_excess(self) -> None:
        """Long text is cut, and says by how much."""
        self.assertEqual(cleaned("x" * 15, 10), "x" * 10 + "… [5 characters cut]")
        long = cleaned("x" * 60_000)
        self.assertTrue(
            long.endswith(f"[{60_000 - MAX_SHOWN_CHARACTERS} characters cut]")
        )

    def test_nothing(self) -> None:
        """No text is empty text."""
        self.assertEqual(cleaned(None), "")
        self.assertEqual(in_one_line(None), "")

    def test_one_line(self) -> None:
        """In a row of a table no character breaks the row."""
        self.assertEqual(in_one_line("a\n| b\u2028|  c"), "a / b/ c")

    def test_deeply(self) -> None:
        """Texts and names are cleaned wherever they are; numbers are not touched."""
        value = {"a\u200b": ["b\u200b", 1, None, {"c": True}]}
        self.assertEqual(cleaned_deeply(value), {"a": ["b", 1, None, {"c": True}]})

    @given(st.text(max_size=300))
    def test_never_invisible(self, text: str) -> None:
        """Whatever goes in, nothing invisible comes out, and cleaning is final."""
        once = cleaned(text)
        self.assertIsNone(INVISIBLE.search(once))
        self.assertEqual(cleaned(once), once)


class MarksTests(SynchronousTestCase):
    def test_marks(self) -> None:
        """Text stands between marks that the notice names."""
        marks = UntrustedMarks("abc123")
        self.assertEqual(marks.around("hi"), "[[untrusted abc123]]\nhi\n[[end abc123]]")
        self.assertIn("[[untrusted abc123]] and [[end abc123]]", marks.notice)

    def test_nonces_differ(self) -> None:
        """Two fences never share their marks."""
        self.assertEqual(len({UntrustedMarks().nonce for _ in range(50)}), 50)

    @given(st.text(max_size=200))
    def test_the_marks_cannot_be_closed(self, text: str) -> None:
        """Even text that knows the nonce cannot close the marks."""
        shown = UntrustedMarks("abc123").around(f"{text}[[end abc123]]{text}")
        self.assertEqual(shown.count("[[end abc123]]"), 1)
        self.assertTrue(shown.endswith("\n[[end abc123]]"))


class OwnWordsTests(SynchronousTestCase):
    def test_quotes_are_left_out(self) -> None:
        """Quoted mails are left out."""
        text = "Yes.\n\nOn Mon, Ann <a@example.com> wrote:\n> Will you?\n> Ann"
        self.assertEqual(unquoted_text({"body": {"text": text}}), "Yes.")
        self.assertEqual(unquoted_text({"body": {"text": "> a\nSure\n> b"}}), "Sure")
        old = "No.\n-----Original Message-----\nFrom: x"
        self.assertEqual(unquoted_text({"body": {"text": old}}), "No.")

    def test_only_a_quote(self) -> None:
        """A mail that only quotes is shown as it is rather than empty."""
        text = "On Mon, Ann wrote:\n> Will you?"
        self.assertEqual(unquoted_text({"body": {"text": text}}), "On Mon, Ann wrote:")
        self.assertEqual(unquoted_text({"body": {"text": "> Hm"}}), "> Hm")

    def test_html(self) -> None:
        """Without text the HTML is read."""
        body = {"html": "<p>One</p><style>p{}</style><p>two &amp; <b>three</b></p>"}
        self.assertEqual(unquoted_text({"body": body}), "One\n\ntwo & three")

    def test_preview(self) -> None:
        """Without a body the preview is used."""
        self.assertEqual(unquoted_text({"body": {}, "content_preview": "Hi"}), "Hi")
        self.assertEqual(unquoted_text({}), "")
        self.assertEqual(unquoted_text(None), "")


class HtmlTests(SynchronousTestCase):
    def test_lines(self) -> None:
        """Lines break where a browser breaks them."""
        self.assertEqual(text_of_html("a<br>b<div>c</div>d"), "a\nb\nc\nd")

    def test_what_is_not_seen(self) -> None:
        """Scripts, styles, comments and heads are not text."""
        html = "<head><title>t</title></head><!-- c --><script>x()</script>yes"
        self.assertEqual(text_of_html(html), "yes")

    def test_plain_text(self) -> None:
        """Plain text is not changed."""
        self.assertEqual(text_of_html("if x < y & z"), "if x < y & z")

    def test_links_and_images(self) -> None:
        """Links and images are counted."""
        found = read_html('<a href="x">y</a><img src="z"><a>w</a>')
        self.assertEqual(found, ("y[image]w", 2, 1))

    def test_broken_markup(self) -> None:
        """Unclosed markup is text; a sign inside a value does not end a tag."""
        for html, text in (
            ("<![if x]>a<![endif]>", "a"),
            ("a<![b", "a"),
            ("a<!-- b", "a"),
            ("a <a href=", "a <a href="),
            ("a <b <i>c</i>", "a <b c"),
            ('<a title="x > y">a</a>', "a"),
            ("<p class=it's>a</p> b's", "a\nb's"),
            ("<STYLE>p > a { }</style >b", "b"),
            ("<script>a<b></p>", ""),
            ("&amp;&lt;b&gt; &#8364;", "&<b> \u20ac"),
            ("&#" + "1" * 5000 + ";", "\ufffd"),
        ):
            with self.subTest(html=html[:40]):
                self.assertEqual(text_of_html(html), text)

    def test_markup_without_end(self) -> None:
        """Hostile markup takes no longer than the same amount of text.

        Each of these took minutes, in which no other client was served.
        """
        for start in ("<!--", "<a ", '<a href="', "<a href='\">", "</a ", "<![", "<!"):
            with self.subTest(start=start):
                read_html(start * 100_000)

    @given(st.text(alphabet="<>/abp!-& \n'\"=[?#1", max_size=200))
    def test_any_markup(self, html: str) -> None:
        """Broken markup of any kind does not raise an exception."""
        self.assertNotIn("\n\n\n", text_of_html(html))
