"""Where a request may carry its key, in the documented order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.credential_sources import (
    CredentialSources,
    key_in_session_id,
    presented_session_ids,
)
from instantly_mcp.pipeline.exchange import Exchange, Route
from instantly_mcp.pipeline.interfaces import Presented
from instantly_mcp.pipeline.key_form import mistake_in
from instantly_mcp.protocol.wire.errors import ProtocolError
from tests.support.exchanges import exchange

KEY = "ZjM5YTQ2OmtleS1vZi1hbGljZQ=="


class SourceTests(SynchronousTestCase):
    """`CredentialSources.presented`."""

    sources = CredentialSources()

    def presented(self, one: Exchange) -> list[Presented]:
        """Return what is presented, as a list."""
        return list(self.sources.presented(one))

    def refused(self, one: Exchange) -> ProtocolError:
        """Return the error that must be raised; it must be a 401."""
        error = self.assertRaises(ProtocolError, self.sources.presented, one)
        assert isinstance(error, ProtocolError)
        self.assertEqual((error.code, error.status), (-32001, 401))
        self.assertIn(("WWW-Authenticate", "Bearer"), error.headers)
        return error

    def test_nothing(self) -> None:
        """A request without a key presents nothing."""
        self.assertEqual(self.presented(exchange()), [])

    def test_authorization(self) -> None:
        """Bearer in any case, and the bare key, are read."""
        for value in (
            f"Bearer {KEY}",
            f"bearer {KEY}",
            f"BEARER   {KEY} ",
            KEY,
            f" {KEY} ",
        ):
            one = exchange(with_headers={"authorization": value})
            self.assertEqual(self.presented(one), [Presented(KEY, "authorization")])

    def test_other_schemes(self) -> None:
        """Other schemes are refused, not taken for keys."""
        for value in ("Basic dXNlcjpwYXNz", f"Token {KEY}", f"Digest {KEY}, x=y"):
            error = self.refused(exchange(with_headers={"authorization": value}))
            self.assertIn("scheme", error.message)

    def test_headers(self) -> None:
        """Both key headers are read."""
        for name in ("x-instantly-api-key", "x-api-key"):
            one = exchange(with_headers={name: f" {KEY} "})
            self.assertEqual(self.presented(one), [Presented(KEY, name)])

    def test_path(self) -> None:
        """The path's key is read."""
        one = exchange(path_key=KEY)
        self.assertEqual(self.presented(one), [Presented(KEY, "path")])

    def test_query(self) -> None:
        """All three spellings in the query are read."""
        for name in ("apiKey", "api_key", "instantly_api_key"):
            one = exchange(query={name: [KEY]})
            self.assertEqual(self.presented(one), [Presented(KEY, "query")])

    def test_query_off(self) -> None:
        """The query can be switched off."""
        sources = CredentialSources(query=False)
        self.assertEqual(list(sources.presented(exchange(query={"apiKey": [KEY]}))), [])

    def test_one_order(self) -> None:
        """There is one order for all routes, and every place is in it."""
        for route in Route:
            one = exchange(
                route=route,
                path_key="key-in-path",
                query={"api_key": ["key-in-query"]},
                with_headers={
                    "x-api-key": "key-in-x-api-key",
                    "x-instantly-api-key": "key-in-x-instantly",
                    "authorization": "Bearer key-in-authorization",
                },
            )
            self.assertEqual(
                [key.source for key in self.presented(one)],
                ["authorization", "x-instantly-api-key", "x-api-key", "path", "query"],
            )

    def test_every_value(self) -> None:
        """A second value of a header or parameter does not hide behind the first."""
        one = exchange(
            with_headers={"x-api-key": [KEY, "another-key-01"]},
            query={"apiKey": [KEY, "third-key-0123"]},
        )
        self.assertEqual(
            [key.value for key in self.presented(one)],
            [KEY, "another-key-01", KEY, "third-key-0123"],
        )

    def test_empty_values(self) -> None:
        """An empty header or parameter, as templates leave it, presents nothing."""
        one = exchange(
            with_headers={"authorization": "", "x-api-key": " "}, query={"apiKey": [""]}
        )
        self.assertEqual(self.presented(one), [])
        for value in ("Bearer", "Bearer ", "bearer"):
            one = exchange(with_headers={"authorization": value})
            self.assertEqual(self.presented(one), [])

    def test_path_too_short(self) -> None:
        """A path key under ten characters has an error of its own, with its data."""
        for key in ("", "short", "123456789", "with\x00control", "with space 123"):
            error = self.refused(exchange(path_key=key))
            self.assertTrue(
                error.message.startswith("Invalid API key in URL path: "), error
            )
            self.assertEqual(set(error.data), {"reason", "format", "example", "note"})

    def test_mistakes_are_named_with_their_place(self) -> None:
        """A placeholder is refused by its kind and its place."""
        for value, said in (
            ("$INSTANTLY_API_KEY", "placeholder"),
            ("${INSTANTLY_API_KEY}", "placeholder"),
            ("{INSTANTLY_API_KEY}", "placeholder"),
            ("your-instantly-api-key-here", "placeholder"),
            (f'"{KEY}"', "quotes"),
            (f"INSTANTLY_API_KEY={KEY}", "NAME=KEY"),
            (f"Bearer {KEY}", "word Bearer"),
        ):
            for one, place in (
                (
                    exchange(with_headers={"authorization": f"Bearer {value}"}),
                    "the Authorization header",
                ),
                (exchange(with_headers={"x-api-key": value}), "the x-api-key header"),
                (
                    exchange(with_headers={"x-instantly-api-key": value}),
                    "the x-instantly-api-key header",
                ),
                (exchange(path_key=value), "URL path"),
                (exchange(query={"apiKey": [value]}), "the URL query"),
            ):
                error = self.refused(one)
                self.assertIn(place, error.message)
                self.assertIn(said, error.message)
                self.assertEqual(error.data["reason"], "key_placeholder")
                self.assertNotIn(KEY, repr(error.as_object()))

    def test_whole_header(self) -> None:
        """So are mistakes around the scheme in the Authorization header."""
        for value, said in (
            (f'"Bearer {KEY}"', "quotes"),
            (f"INSTANTLY_API_KEY = {KEY}", "NAME=KEY"),
            (f"\xef\xbb\xbfBearer {KEY}", "byte order mark"),
            ("<your key>", "placeholder"),
        ):
            error = self.refused(exchange(with_headers={"authorization": value}))
            self.assertIn("the Authorization header", error.message)
            self.assertIn(said, error.message)

    def test_short_sandbox_keys(self) -> None:
        """In the sandbox its keys may be short, in every place."""
        sandbox = CredentialSources(sandbox=True)
        for key in ("sandbox", "sandbox-x", "sandbox-b"):
            for one in (
                exchange(with_headers={"authorization": f"Bearer {key}"}),
                exchange(with_headers={"authorization": key}),
                exchange(with_headers={"x-api-key": key}),
                exchange(with_headers={"x-instantly-api-key": key}),
                exchange(path_key=key),
                exchange(query={"apiKey": [key]}),
            ):
                (found,) = sandbox.presented(one)
                self.assertEqual(found.value, key)
                self.refused(one)
            self.assertEqual(
                list(sandbox.in_session_id(key)), [Presented(key, "session-id")]
            )
            self.assertEqual(list(self.sources.in_session_id(key)), [])
        with self.assertRaises(ProtocolError):
            sandbox.presented(exchange(path_key="short"))

    def test_implausible(self) -> None:
        """Short, long, unprintable and non-ASCII keys are refused, unnamed."""
        for value in (
            "short-key",
            "a\tb-12345678",
            "ключ-01234567",
            "k" * 5000,
            "\x7f" * 12,
        ):
            error = self.refused(exchange(with_headers={"x-api-key": value}))
            self.assertNotIn(value, repr(error.as_object()))
            self.refused(exchange(query={"apiKey": [value]}))

    def test_spaced_bearer(self) -> None:
        """A bearer value with a space inside is not a key."""
        self.refused(exchange(with_headers={"authorization": f"Bearer {KEY} {KEY}"}))

    @given(st.text(max_size=40))
    def test_any_text(self, value: str) -> None:
        """Any header value is read as a plausible key, or refused, or nothing."""
        one = exchange(with_headers={"authorization": value})
        try:
            for key in self.sources.presented(one):
                self.assertIsNone(mistake_in(key.value))
        except ProtocolError as error:
            self.assertEqual(error.status, 401)

    def test_repr(self) -> None:
        """What is presented does not show the key."""
        self.assertNotIn(KEY, repr(self.presented(exchange(path_key=KEY))))


class SessionIdTests(SynchronousTestCase):
    """Session ids, and keys that were sent in place of them."""

    def test_where_they_are(self) -> None:
        """The header counts on /mcp, the query on /messages, neither elsewhere."""
        named = {"mcp-session-id": "in-header"}
        query = {"sessionId": ["in-query"], "session_id": ["too"]}
        for route, expected in (
            (Route.MCP, ["in-header"]),
            (Route.MESSAGES, ["in-query", "too"]),
            (Route.SSE, []),
        ):
            one = exchange(route=route, with_headers=named, query=query)
            self.assertEqual(list(presented_session_ids(one)), expected)

    def test_key(self) -> None:
        """A plausible text that no server would issue as an id may be a key."""
        self.assertEqual(key_in_session_id(KEY), Presented(KEY, "session-id"))

    def test_template_in_place_of_a_session_id(self) -> None:
        """A placeholder in a session id is refused, too, and not sent as a key."""
        for text in ("$INSTANTLY_API_KEY", "{sessionId}", '"quoted-session"'):
            with self.assertRaises(ProtocolError) as caught:
                key_in_session_id(text)
            self.assertIn("the sessionId", caught.exception.message)

    def test_session_ids_are_not_keys(self) -> None:
        """UUIDs, bare or hyphenated, and sealed ids of other instances are not keys."""
        for text in (
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
            "0f8fad5bd9cb469fa16570867728950e",
            "gAAAAABlU-JA" + "x" * 120,
            "short",
            "",
        ):
            self.assertIsNone(key_in_session_id(text), text)
