"""Parsers from the text of an option to its value."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.settings import parsers
from instantly_mcp.daemon.settings.table import SETTINGS


class ParserTests(SynchronousTestCase):
    """Each parser accepts what people write and refuses other text with a reason."""

    def test_durations(self):
        """A duration is seconds, or a number with a unit."""
        self.assertEqual(
            [parsers.seconds(text) for text in ("90", "30m", "2h", "1.5d")],
            [90, 1800, 7200, 129600],
        )

    def test_no_duration(self):
        """Nothing, a negative or an endless duration is refused."""
        for text in ("", "-1", "0", "soon", "31d", "1e9"):
            with self.assertRaises(ValueError):
                parsers.seconds(text)

    def test_sizes(self):
        """A size is bytes, or a number with a decimal or binary unit."""
        self.assertEqual(
            [parsers.size(text) for text in ("2048", "10MiB", "10MB", "10m", "1g")],
            [2048, 10485760, 10000000, 10485760, 1 << 30],
        )

    def test_no_size(self):
        """A size out of range is refused."""
        for text in ("0", "1", "-5", "huge", "2g", "10 bananas"):
            with self.assertRaises(ValueError):
                parsers.size(text)

    def test_starts(self):
        """A start is a date, which means 9:00 UTC, a time, or ``today``."""
        for text, hour in (
            ("2026-11-02", 9),
            ("2026-11-02T14:30:00Z", 14),
            ("2026-11-02T14:30", 14),
            ("2026-11-02T14:30:00+02:00", 12),
        ):
            moment = parsers.start(text)
            assert moment is not None
            self.assertEqual((moment.day, moment.hour), (2, hour), text)
            self.assertEqual(moment.utcoffset(), timedelta(0), text)
        self.assertIsNone(parsers.start("Today"))
        for text in (
            *("", "2026-13-01", "tomorrow", "2.11.2026", "0001-01-01", "9999-01-01"),
            "0001-01-01T00:00:00+23:00",
        ):
            with self.assertRaises(ValueError):
                parsers.start(text)

    def test_switches(self):
        """On and off have several spellings."""
        self.assertTrue(all(map(parsers.switch, ("1", "yes", "TRUE", "on"))))
        self.assertFalse(any(map(parsers.switch, ("0", "no", "False", "off", ""))))
        with self.assertRaises(ValueError):
            parsers.switch("maybe")

    def test_no_url(self):
        """A blank, a line break or a quote inside a URL is refused."""
        for text in ("https://a b/", "https://a\n.example", 'https://a.example/"'):
            for read in (parsers.public_url, parsers.web_page, parsers.endpoint):
                with self.assertRaises(ValueError):
                    read(text)
        url = "https://mcp.example/mcp?x=1"
        self.assertEqual(parsers.endpoint(f" {url} "), url)

    def test_upstream_is_encrypted(self):
        """Plain HTTP is for an upstream on this machine only: keys travel there."""
        self.assertEqual(
            [
                parsers.upstream(text)
                for text in (
                    "https://api.instantly.ai/",
                    "http://127.0.0.1:9",
                    "http://[::1]:9",
                    "http://localhost:9",
                )
            ],
            [
                "https://api.instantly.ai",
                "http://127.0.0.1:9",
                "http://[::1]:9",
                "http://localhost:9",
            ],
        )
        for text in (
            "http://api.instantly.ai",
            "https://key@api.instantly.ai",
            "https://api.instantly.ai/api/v2",
            "ftp://localhost",
            "https://",
            "https://host:99999",
            "https://host:0",
        ):
            with self.assertRaises(ValueError):
                parsers.upstream(text)

    def test_origins(self):
        """An origin has neither a path nor a query."""
        self.assertEqual(
            parsers.origin("https://App.Example.com/"), "https://app.example.com"
        )
        for text in ("null", "*", "app.example.com", "https://a/b", "https://a?b"):
            with self.assertRaises(ValueError):
                parsers.origin(text)

    def test_networks(self):
        """A single address is a network of one."""
        self.assertEqual(parsers.proxy("10.1.2.3"), "10.1.2.3/32")
        self.assertEqual(parsers.proxy("10.1.2.3/8"), "10.0.0.0/8")
        self.assertEqual(parsers.proxy("unix"), "unix")
        with self.assertRaises(ValueError):
            parsers.proxy("10.0.0.0/40")

    @given(st.text(max_size=60))
    def test_any_text_is_read_or_refused(self, text):
        """For any text a parser returns a value or its own error, without the text."""
        for setting in SETTINGS:
            try:
                setting.parse(text)
            except ValueError as error:
                self.assertTrue(str(error).startswith("must "), str(error))


class TableTests(SynchronousTestCase):
    """The table of settings is sound."""

    def test_defaults_are_of_the_kind_that_is_read(self):
        """Parsing the text of a default gives the default."""
        for setting in SETTINGS:
            default: Any = setting.default
            for value in default if setting.repeatable else filter(None, [default]):
                text = ",".join(value) if isinstance(value, tuple) else f"{value}"
                self.assertEqual(setting.parse(text), value, setting.name)

    def test_names_are_unique(self):
        """No two settings share a name."""
        names = [setting.name for setting in SETTINGS]
        self.assertEqual(len(names), len(set(names)))

    def test_help_is_a_sentence(self):
        """Every setting says what it does."""
        for setting in SETTINGS:
            self.assertTrue(setting.help.endswith("."), setting.name)
