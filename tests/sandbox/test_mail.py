"""The text of simulated mail."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.sandbox.mail import fill, text_of


class TextTests(SynchronousTestCase):
    def test_text(self) -> None:
        """Tags go, and lines break where a paragraph ends."""
        self.assertEqual(
            text_of("<p>a &amp; <b>b</b></p> <p class='x'>c</p>"), "a & b\nc"
        )

    def test_variables(self) -> None:
        """A variable gets its value; one without a value leaves nothing."""
        self.assertEqual(fill("Hi {{ a }}{{b|there}}!", {"a": "Bo"}), "Hi Bo!")

    def test_what_never_ends(self) -> None:
        """Converting a very large text takes linear time; once it took hours."""
        many = 300_000
        self.assertEqual(text_of("<" * many), "<" * many)
        self.assertEqual(text_of("</p><p" * many), "<p" * many)
        self.assertEqual(fill("{{a|" * many, {"a": "b"}), "{{a|" * many)
