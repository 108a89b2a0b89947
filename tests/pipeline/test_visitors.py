"""Tests of who calls the routes outside of MCP."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Secret
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.pipeline.credential_sources import CredentialSources
from instantly_mcp.pipeline.visitors import Visitor, Visitors, every_caller_is_known
from instantly_mcp.state.token_buckets import TokenBuckets
from tests.pipeline.stages.authenticating import ALICE, OPERATOR, SERVER
from tests.support.exchanges import headers

BEARER = {"authorization": f"Bearer {SERVER}"}


class VisitorsTests(SynchronousTestCase):
    """`Visitors`, with and without a server secret."""

    def setUp(self) -> None:
        """Have a clock."""
        self.clock = Clock()

    def visitors(self, *, limit: int = 100, query: bool = True, **policy: Any) -> Any:
        """Return a `Visitors`, with a server secret by default."""
        policy = {"server_secret": Secret(SERVER), **policy}
        return Visitors(
            gatekeeper=Gatekeeper(operator_key=Secret(OPERATOR), **policy),
            sources=CredentialSources(query=query),
            address_limit=TokenBuckets(limit, self.clock),
        )

    def visitor(self, visitors: Any, sent: Any = None, **query: str) -> Visitor:
        """Return the caller with these headers and this query."""
        fields = {name: [value] for name, value in query.items()}
        found: Visitor = visitors(headers(sent or {}), fields, "192.0.2.1")
        return found

    def test_secret_in_every_place(self) -> None:
        """The secret is found wherever a key may be."""
        visitors = self.visitors()
        for sent in (BEARER, {"x-api-key": SERVER}, {"x-instantly-api-key": SERVER}):
            self.assertTrue(self.visitor(visitors, sent).known)
        self.assertTrue(self.visitor(visitors, apiKey=SERVER).known)
        closed = self.visitors(query=False)
        self.assertFalse(self.visitor(closed, apiKey=SERVER).known)

    def test_without_secret(self) -> None:
        """Without the secret, or with a wrong one, the caller is unknown."""
        visitors = self.visitors()
        for sent, reason in (
            ({}, "server_secret_missing"),
            ({"authorization": "Basic eDp5"}, "server_secret_missing"),
            ({"x-api-key": ALICE}, "server_secret_wrong"),
            ({"authorization": f"Bearer {SERVER}x"}, "server_secret_wrong"),
        ):
            refusal = self.visitor(visitors, sent).refusal
            assert refusal is not None
            self.assertEqual(refusal.status, 401)
            assert isinstance(refusal.data, dict)
            self.assertEqual(refusal.data["reason"], reason)

    def test_no_secret_asked(self) -> None:
        """Without a server secret every caller is known."""
        for policy in ({"server_secret": None}, {"demand_secret": False}):
            visitors = self.visitors(limit=1, **policy)
            for sent in ({}, {"x-api-key": ALICE}, {"authorization": "Basic eDp5"}):
                self.assertTrue(self.visitor(visitors, sent).known)
        self.assertTrue(every_caller_is_known(headers({}), {}, "").known)

    def test_key_beside_the_secret(self) -> None:
        """What is presented besides is the key; the secret never is."""
        visitors = self.visitors()
        self.assertIsNone(self.visitor(visitors, BEARER).key)
        both = {**BEARER, "x-api-key": "sandbox-b"}
        self.assertEqual(self.visitor(visitors, both).key, "sandbox-b")

    def test_guessing_is_limited(self) -> None:
        """An address that presents too much is 429, even with the right secret."""
        visitors = self.visitors(limit=3)
        for number in range(3):
            wrong = {"x-api-key": f"guess-number-{number}"}
            refusal = self.visitor(visitors, wrong).refusal
            assert refusal is not None
            self.assertEqual(refusal.status, 401)
        for sent in ({"x-api-key": "guess-number-4"}, BEARER):
            refusal = self.visitor(visitors, sent).refusal
            assert refusal is not None
            self.assertEqual(refusal.status, 429)
        self.assertTrue(visitors(headers(BEARER), {}, "192.0.2.2").known)
        missing = self.visitor(visitors).refusal
        assert missing is not None
        self.assertEqual(missing.status, 401)
        self.clock.advance(60)
        self.assertTrue(self.visitor(visitors, BEARER).known)

    def test_no_limit(self) -> None:
        """A limit of 0 means no limit."""
        visitors = self.visitors(limit=0)
        for _ in range(200):
            self.assertTrue(self.visitor(visitors, BEARER).known)

    def test_secrecy(self) -> None:
        """Nothing that is presented is shown by a refusal."""
        refusal = self.visitor(self.visitors(), {"x-api-key": ALICE}).refusal
        assert refusal is not None
        self.assertNotIn(ALICE, repr(refusal.as_object()))
