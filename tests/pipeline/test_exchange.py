"""The value that passes through the pipeline."""

from __future__ import annotations

from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._credential import ANONYMOUS
from instantly_mcp.pipeline.exchange import Exchange, Headers, Note
from instantly_mcp.protocol.calls.session import (
    McpSession,
    SessionLookup,
    SessionStatus,
)
from instantly_mcp.protocol.interfaces import IHeaders
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.exchanges import exchange, headers
from tests.support.messages import call
from tests.support.servers import credential

CANARY = "canary-key-abcdef"


class HeadersTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make headers with one repeated name."""
        self.headers = headers({"Accept": ["a", "b"], "X-Api-Key": CANARY})

    def test_provides(self) -> None:
        """They are what the protocol calls headers."""
        self.assertTrue(verifyObject(IHeaders, self.headers))

    def test_reading(self) -> None:
        """All values come in order, one value is the first, absent is empty."""
        self.assertEqual(self.headers.all("accept"), ("a", "b"))
        self.assertEqual(self.headers.get("accept"), "a")
        self.assertEqual(self.headers.all("nothing"), ())
        self.assertIsNone(self.headers.get("nothing"))

    def test_with_value(self) -> None:
        """Setting a value makes new headers and leaves the old ones alone."""
        changed = self.headers.with_value("accept", "c")
        self.assertEqual(changed.all("accept"), ("c",))
        self.assertEqual(changed.get("x-api-key"), CANARY)
        self.assertEqual(self.headers.all("accept"), ("a", "b"))

    def test_repr_shows_names_only(self) -> None:
        """A value may be a key: the repr shows names."""
        self.assertIn("x-api-key", repr(self.headers))
        self.assertNotIn(CANARY, repr(self.headers))

    def test_names(self) -> None:
        """Iterating gives the names."""
        self.assertIn("accept", list(Headers({"accept": ("a",)})))


class ExchangeTests(SynchronousTestCase):
    def test_knowing(self) -> None:
        """What a stage finds out makes the exchange that `evolve` would make."""
        before = self.full()
        twin = evolve(before)
        known = before.with_facts(session_id="s", notes=(Note("n"),))
        self.assertEqual(known, evolve(twin, session_id="s", notes=(Note("n"),)))
        self.assertEqual(before, twin)
        self.assertRaises(FrozenInstanceError, setattr, known, "session_id", "other")

    def full(self) -> Exchange:
        """Return an exchange that holds a key in every place there is."""
        return exchange(
            call("echo", {"words": CANARY}),
            with_headers={"authorization": f"Bearer {CANARY}"},
            query={"apiKey": [CANARY]},
            path_key=CANARY,
            credential=credential(CANARY),
            session_id=CANARY,
        )

    def test_no_key_in_repr(self) -> None:
        """Wherever the request carried its key, the repr does not show it."""
        self.assertNotIn(CANARY, repr(self.full()))
        self.assertNotIn(CANARY, repr(self.full().with_note("x")))

    def test_frozen(self) -> None:
        """An exchange does not change; it evolves."""
        sent = exchange()
        with self.assertRaises(FrozenInstanceError):
            sent.method = "GET"  # type: ignore[misc]
        self.assertEqual(evolve(sent, method="GET").method, "GET")

    def test_notes_add_up(self) -> None:
        """Each note is added to those that are there."""
        noted = exchange().with_note("one").with_note("two")
        self.assertEqual(noted.notes, (Note("one"), Note("two")))

    def test_principal(self) -> None:
        """It acts as its credential, or anonymously."""
        self.assertEqual(exchange().principal, ANONYMOUS)
        self.assertEqual(self.full().principal, credential(CANARY).principal)

    def test_session(self) -> None:
        """Its session is the one that was looked up, if that is live."""
        self.assertIsNone(exchange().session)
        session = McpSession(
            id="s", revision=V2025_11_25, credential=None, last_seen=0.0
        )
        lookup = SessionLookup(SessionStatus.LIVE, session)
        self.assertIs(exchange(lookup=lookup).session, session)
