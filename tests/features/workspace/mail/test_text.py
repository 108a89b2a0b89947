"""The text of mail: without quoted mails, and of HTML what a person sees."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.features.workspace.mail.text import (
    read_html,
    text_of_html,
    unquoted_text,
)


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

    def test_hidden_text(self) -> None:
        """What a browser hides is not text, and is said to be removed."""
        html = "a<div style='display:none'>secret</div><p>b</p>"
        self.assertEqual(text_of_html(html), "a[hidden text removed]\nb")

    def test_long(self) -> None:
        """Of a huge body the beginning is read; deep markup takes no longer."""
        text = text_of_html("<div>" * 10_000 + "a" + "<b>x</b>" * 1_000_000)
        self.assertTrue(text.startswith("… ["), text[:40])
        self.assertTrue(text.endswith("characters cut]"))

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
