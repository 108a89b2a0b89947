"""What is a key, and what people put in its place."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline import key_form
from instantly_mcp.pipeline.credential_errors import RefusalReason
from instantly_mcp.pipeline.key_form import Mistake, mistake_in

KEY = "NDNkNGYwMDAtYWJjZC00MDAwOlNlY3JldFNlY3JldA=="


class MistakeTests(SynchronousTestCase):
    """`mistake_in`."""

    def found(self, text: str, *, sandbox: bool = False) -> Mistake:
        """Return the mistake that must be found; it does not repeat the text."""
        mistake = mistake_in(text, sandbox=sandbox)
        assert mistake is not None, text
        if len(text) > 8 and mistake is not key_form.UNFILLED:
            self.assertNotIn(text, mistake.found)
        self.assertNotIn(KEY, mistake.found)
        return mistake

    @settings(deadline=None)
    @given(st.binary(min_size=12, max_size=200))
    def test_keys_of_instantly(self, data: bytes) -> None:
        """Whatever base64 can spell may be a key, but for one letter repeated."""
        for text in (b64encode(data), urlsafe_b64encode(data)):
            if set(text) - set(b"-_xX"):
                self.assertIsNone(mistake_in(text.decode("ascii")))

    @settings(deadline=None)
    @given(st.text(max_size=60))
    def test_any_text(self, text: str) -> None:
        """Any text is judged without an error; what passes can travel in a header."""
        if mistake_in(text) is None:
            self.assertTrue(text.isascii() and text.isprintable() and " " not in text)
            self.assertGreaterEqual(len(text), key_form.MIN_KEY_LENGTH)

    def test_secrets_of_operators(self) -> None:
        """Pass phrases and other opaque text of an operator may be keys."""
        for text in (
            "0123456789",
            "the-server-secret",
            "correct.horse.battery",
            "p$ssw0rd{1}xyz",
            "mysecretpassphrase",
            "test-test-test",
            "a=b/c=d+e=f",
            "c2FuZGJveDpjYW5hcnk=",
            "sandbox-NAME",
            "keys-and-tokens",
        ):
            self.assertIsNone(mistake_in(text), text)

    def test_placeholders(self) -> None:
        """Placeholders that a template left in place of the key are recognized."""
        for text in (
            "$INSTANTLY_API_KEY",
            "$env:INSTANTLY_API_KEY",
            "$(cat instantly.key)",
            "${INSTANTLY_API_KEY}",
            "${env:INSTANTLY_API_KEY}",
            "${input:instantly_key}",
            "{INSTANTLY_API_KEY}",
            "{{ secrets.INSTANTLY }}",
            "%INSTANTLY_API_KEY%",
            "<your-instantly-key>",
            "<YOUR_KEY>",
            "[YOUR_API_KEY]",
            "your-instantly-api-key-here",
            "YOUR_API_KEY",
            "YOUR_KEY",
            "your_key",
            "insert-your-key-here",
            "INSTANTLY_API_KEY",
            "MCP_AUTH_SECRET_KEY",
            "SERVER_SECRET",
            "changeme",
            "change-me-please",
            "xxxxxxxxxxxx",
            "************",
            "abcd********wxyz",
            "NDNkNGYwMDAtYWJj...",
            "undefined",
            "null",
        ):
            mistake = self.found(text)
            self.assertEqual(mistake.reason, RefusalReason.KEY_PLACEHOLDER, text)
            self.assertIs(mistake, key_form.UNFILLED, text)

    def test_quotes(self) -> None:
        """A key in quotes, straight or typographic, at one end or both."""
        for text in (
            f'"{KEY}"',
            f"'{KEY}'",
            f"`{KEY}`",
            f"\u201c{KEY}\u201d",
            f'"{KEY}',
            f"{KEY}'",
            '"',
        ):
            self.assertIs(self.found(text), key_form.QUOTED, text)

    def test_assignments(self) -> None:
        """A line of a shell, of a file of variables, or of YAML is recognized."""
        for text in (
            f"INSTANTLY_API_KEY={KEY}",
            f"export INSTANTLY_API_KEY={KEY}",
            f"apiKey={KEY}",
            f"x-api-key: {KEY}",
            f"MCP_AUTH_SECRET_KEY = {KEY}",
        ):
            self.assertIs(self.found(text), key_form.ASSIGNED, text)

    def test_no_assignment(self) -> None:
        """Without a value, or with another name, it is not an assignment."""
        for text in ("api_key_123==", "some-thing=1234", "key.1key.2key", "a key=1"):
            self.assertIsNot(key_form.mistake_in(text), key_form.ASSIGNED, text)

    def test_other_mistakes(self) -> None:
        """A scheme, a byte order mark, and a connection token are recognized."""
        for text, mistake in (
            (f"Bearer {KEY}", key_form.SCHEMED),
            (f"bearer {KEY}", key_form.SCHEMED),
            (f"\ufeff{KEY}", key_form.MARKED),
            (f"\xef\xbb\xbf{KEY}", key_form.MARKED),
            ("imt_0123456789abcdef", key_form.TOKEN),
        ):
            self.assertIs(self.found(text), mistake, text)

    def test_malformed(self) -> None:
        """What has no name is too short, too long, or not one word."""
        for text, mistake in (
            ("", key_form.SHORT),
            ("short-key", key_form.SHORT),
            ("k" * 5000, key_form.LONG),
            ("two words of text", key_form.NOT_ONE_WORD),
            ("tab\tbed-key-1234", key_form.NOT_ONE_WORD),
            ("\u043a\u043b\u044e\u0447-0123456789", key_form.NOT_ONE_WORD),
        ):
            self.assertIs(self.found(text), mistake, text)
            self.assertEqual(mistake.reason, RefusalReason.KEY_MALFORMED)

    def test_short_keys_of_the_sandbox(self) -> None:
        """Short keys are valid in the sandbox only, and only its own."""
        for text in ("sandbox", "sandbox-x", "sandbox-b"):
            self.assertIsNone(mistake_in(text, sandbox=True))
            self.assertIs(self.found(text), key_form.SHORT)
        self.assertIs(self.found("sandbo", sandbox=True), key_form.SHORT)
