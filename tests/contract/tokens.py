"""The behavior of every store of connection tokens."""

from __future__ import annotations

from abc import abstractmethod

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._rights import Level
from instantly_mcp.access.tokens.interfaces import ITokenStore
from instantly_mcp.access.tokens.token import ConnectionToken, TokenState

PLAIN = ConnectionToken(id="tplain", name="ada", digest="d1", created=1.5)
FULL = ConnectionToken(
    id="tfull",
    name="bob",
    digest="d2",
    level=Level.DRAFT,
    toolsets=("leads", "server"),
    workspaces=("one", "two"),
    caps={"mails": 5},
    created=2.5,
    expires=9.5,
)


class TokenStoreContract(SynchronousTestCase):
    """Tests of a store of tokens."""

    @abstractmethod
    def make_store(self) -> ITokenStore:
        """Return a store on the same persistent state each time, empty at first."""

    def stored(self) -> list[ConnectionToken]:
        """Return what a store finds after a restart."""
        found = self.make_store().tokens().addCallback(list)
        return self.successResultOf(found)

    def test_interface(self) -> None:
        """The store provides its interface."""
        self.assertTrue(verifyObject(ITokenStore, self.make_store()))

    def test_tokens_are_kept(self) -> None:
        """Every member of a token is kept; tokens come in the order of creation."""
        store = self.make_store()
        self.assertEqual(self.stored(), [])
        for token in (FULL, PLAIN):
            self.assertIsNone(self.successResultOf(store.add(token)))
        self.assertEqual(self.stored(), [PLAIN, FULL])

    def test_no_id_twice(self) -> None:
        """A second token with the same id, or the same digest, is not stored."""
        store = self.make_store()
        self.successResultOf(store.add(PLAIN))
        for again in (evolve(FULL, id=PLAIN.id), evolve(FULL, digest=PLAIN.digest)):
            self.failureResultOf(store.add(again))
        self.assertEqual(self.stored(), [PLAIN])

    def test_change(self) -> None:
        """Level, toolsets and state change; what a token is does not."""
        store = self.make_store()
        self.successResultOf(store.add(FULL))
        narrowed = evolve(FULL, level=Level.READ_ONLY, toolsets=("server",))
        self.assertIsNone(self.successResultOf(store.change(narrowed)))
        self.assertEqual(self.stored(), [narrowed])
        revoked = evolve(narrowed, state=TokenState.REVOKED, ended=4.5, name="eve")
        self.successResultOf(store.change(revoked))
        self.assertEqual(self.stored(), [evolve(revoked, name="bob")])

    def test_ended_stays_ended(self) -> None:
        """A token that is stored as ended is never changed again."""
        for state in (TokenState.REVOKED, TokenState.EXPIRED):
            token = evolve(PLAIN, id=state.value, digest=state.value)
            store = self.make_store()
            self.successResultOf(store.add(token))
            ended = evolve(token, state=state, ended=4.5)
            self.successResultOf(store.change(ended))
            for late in (token, evolve(ended, ended=None, level=Level.DRAFT)):
                self.successResultOf(store.change(late))
            self.assertIn(ended, self.stored())

    def test_last_used(self) -> None:
        """The time of the last use is kept, also of a token that has ended."""
        store = self.make_store()
        self.successResultOf(store.add(PLAIN))
        self.assertIsNone(self.successResultOf(store.used(PLAIN.id, 7.25)))
        self.assertEqual(self.stored(), [evolve(PLAIN, last_used=7.25)])
        self.assertIsNone(self.successResultOf(store.used("unknown", 8.0)))
