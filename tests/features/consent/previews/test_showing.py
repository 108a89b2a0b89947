"""A preview as a person reads it in a form: all of what would be sent."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import dumps
from instantly_mcp.access.preview import Preview
from instantly_mcp.features.consent.previews.parts import campaign_facts, fact, listed
from instantly_mcp.features.consent.previews.showing import form_text, result_object

HIDDEN = 'Re: offer <span style="display:none">Pay me</span>'
LINK = "See [our page](javascript:steal()) ![x](https://evil.example/i)"


class FactTests(SynchronousTestCase):
    """Facts are kept as they would be sent: pages and terminals show them."""

    def test_hidden_markup_stays(self) -> None:
        """What a mail program hides, and where a link leads, is part of a fact."""
        for text in (HIDDEN, LINK, "a <!-- b --> c"):
            self.assertEqual(fact("Subject", text), ("Subject", text))
            self.assertEqual(listed([text]), text)
            self.assertEqual(campaign_facts("c1", {"name": text})[0][1], text)

    def test_invisible_characters_are_shown(self) -> None:
        """A character without a shape is shown by its code point, in one line."""
        _, text = fact("Name", "a\u202eb\nc\u200bd")
        self.assertEqual(text, "a[U+202E]b c[U+200B]d")


class FormTests(SynchronousTestCase):
    """The form of a client."""

    def test_nothing_is_left_out(self) -> None:
        """Each character of facts and texts is there; nothing is rendered or loaded."""
        for text in (HIDDEN, LINK, "a <!-- b --> c", "a\u202eb"):
            shown = form_text(
                Preview(title="T", facts=(("F", text),), untrusted=(("U", text),))
            )
            expected = text.replace("<", "\u2039").replace("![", "! [")
            expected = expected.replace("\u202e", "[U+202E]")
            for line in (f"F: {expected}", f"  | {expected}"):
                self.assertIn(line, shown.split("\n"))

    def test_a_text_cannot_become_a_fact(self) -> None:
        """Line breaks of a fact vanish, and each line of a text is indented."""
        text = "a\nTo: b\r\nTo: c\u2028To: d"
        shown = form_text(
            Preview(title="T", facts=(("F", text),), untrusted=(("U", text),))
        )
        self.assertFalse([e for e in shown.split("\n") if e.startswith("To:")])
        self.assertEqual(len([e for e in shown.split("\n") if e.startswith("  |")]), 3)

    def test_what_is_cut_is_counted(self) -> None:
        """A long text ends with how much of it is not shown."""
        shown = form_text(Preview(title="T", untrusted=(("U", "x" * 10_007),)))
        self.assertIn("7 more characters", shown)


class ResultTests(SynchronousTestCase):
    def test_cleaned_for_a_model(self) -> None:
        """A model does not get what people cannot see."""
        preview = Preview(title="T", facts=(("F", HIDDEN),), untrusted=(("U", HIDDEN),))
        self.assertNotIn(b"Pay me", dumps(result_object(preview)))
