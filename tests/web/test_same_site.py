"""Requests that a page of another site made a browser send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.exchange import Headers
from instantly_mcp.web.same_site import is_from_another_site

HOST = "127.0.0.1:3000"


def is_foreign(host: str = HOST, **headers: str) -> bool:
    """Ask about a request to a host with these headers."""
    given = {name.replace("_", "-"): (value,) for name, value in headers.items()}
    return is_from_another_site(Headers({"host": (host,), **given}))


class SameSiteTests(SynchronousTestCase):
    """Which requests may change something."""

    def test_own(self):
        """Programs without an origin may, and pages of the same origin."""
        for own in (
            {},
            {"origin": "http://127.0.0.1:3000"},
            {"sec_fetch_site": "same-origin", "origin": "http://127.0.0.1:3000"},
            {"sec_fetch_site": "none"},
            {"host": "localhost", "origin": "http://localhost:80"},
            {"host": "mcp.example.com", "origin": "https://mcp.example.com"},
            {"host": "LocalHost:3000", "origin": "http://localhost:3000"},
        ):
            self.assertFalse(is_foreign(**own), own)

    def test_foreign(self):
        """Pages of another host, port or without an origin may not."""
        for foreign in (
            {"origin": "http://127.0.0.1:8000"},
            {"origin": "http://127.0.0.1"},
            {"origin": "http://localhost:3000"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": ""},
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site", "origin": "http://127.0.0.1:3000"},
            {"host": "not a host", "origin": "http://127.0.0.1:3000"},
        ):
            self.assertTrue(is_foreign(**foreign), foreign)

    def test_twice(self):
        """A header that is there twice counts as foreign."""
        origin = "http://127.0.0.1:3000"
        for headers in (
            {"host": (HOST,), "origin": (origin, origin)},
            {"host": (HOST, HOST), "origin": (origin,)},
            {"host": (HOST,), "sec-fetch-site": ("same-origin", "cross-site")},
        ):
            self.assertTrue(is_from_another_site(Headers(headers)), headers)

    @given(st.text(max_size=40))
    def test_any_origin(self, origin):
        """Of all texts only the origin of the page itself is its own."""
        own = origin.lower() in {f"http://{HOST}", f"https://{HOST}"}
        self.assertEqual(is_foreign(origin=origin), not own)
