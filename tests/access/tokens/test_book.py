"""The book of connection tokens: what is valid now, and what stays ended."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.access.tokens.book import TokenBook, TokenTerms
from instantly_mcp.access.tokens.interfaces import ITokenStore
from instantly_mcp.access.tokens.token import (
    ConnectionToken,
    TokenState,
    digest_of,
    new_token,
)
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.tokens import TokenStore

NOW = 1.8e9
DAY = 86400.0


class BookTestCase(SynchronousTestCase):
    """A book on a database in memory, and a wall clock that the test sets."""

    def setUp(self) -> None:
        """Have an empty book."""
        self.now = NOW
        self.database = MemoryDatabase()
        self.addCleanup(self.database.close)
        self.book = self.reopened()

    def reopened(self) -> TokenBook:
        """Return the book as it is after a restart."""
        book = TokenBook(TokenStore(self.database), lambda: self.now)
        self.successResultOf(book.load())
        return book

    def issue(self, name: str = "ada", **terms: object) -> tuple[ConnectionToken, str]:
        """Issue a token."""
        made = TokenTerms(name=name, **terms)  # type: ignore[arg-type]
        return self.successResultOf(self.book.issue(made))

    def state_of(self, value: str) -> TokenState | None:
        """Return the state of the token with this value."""
        token = self.book.find(value)
        return None if token is None else token.state


class IssueTests(BookTestCase):
    """New tokens."""

    def test_found(self) -> None:
        """A new token is found by its value, now and after a restart."""
        token, value = self.issue(level=Level.DRAFT, workspaces=("one",))
        self.assertEqual(self.book.find(value), token)
        self.assertEqual(self.reopened().find(value), token)
        self.assertEqual((token.created, token.state), (NOW, TokenState.VALID))

    def test_value_is_not_kept(self) -> None:
        """The value is neither in the book nor in the database, only its digest."""
        _, value = self.issue()
        dumped = self.successResultOf(
            self.database.run(
                lambda cursor: cursor.execute("SELECT * FROM tokens").fetchall()
            )
        )
        self.assertNotIn(value, repr(dumped) + repr(self.book))
        self.assertIn(digest_of(value), repr(dumped))

    def test_unknown(self) -> None:
        """A well-formed token of another daemon is not found, nor is any other text."""
        self.issue()
        for value in (new_token(), "", "imt_", "key"):
            self.assertIsNone(self.book.find(value))

    def test_exist(self) -> None:
        """Once a token was issued, tokens exist, even after the last one ended."""
        self.assertFalse(self.book.exist)
        token, _ = self.issue()
        self.successResultOf(self.book.revoke(token))
        self.assertTrue(self.book.exist)
        self.assertTrue(self.reopened().exist)

    def test_first(self) -> None:
        """The first token is reported, and only the first."""
        firsts: list[bool] = []
        self.book.on_first.append(lambda: firsts.append(self.book.exist))
        token, _ = self.issue()
        self.successResultOf(self.book.revoke(token))
        self.issue()
        self.assertEqual(firsts, [True])

    def test_not_stored(self) -> None:
        """A token that could not be stored is not valid."""
        store = FailingStore()
        book = TokenBook(store, lambda: self.now)
        self.failureResultOf(book.issue(TokenTerms(name="ada")), OSError)
        self.assertFalse(book.exist)


class EndTests(BookTestCase):
    """Tokens that end."""

    def setUp(self) -> None:
        """Note which tokens changed."""
        super().setUp()
        self.changed: list[str] = []
        self.book.on_change.append(lambda token: self.changed.append(token.id))

    def test_revoke(self) -> None:
        """A revoked token stays revoked, after a restart as well."""
        token, value = self.issue()
        revoked = self.successResultOf(self.book.revoke(token))
        self.assertEqual((revoked.state, revoked.ended), (TokenState.REVOKED, NOW))
        self.assertEqual(self.state_of(value), TokenState.REVOKED)
        self.assertEqual(self.reopened().find(value), revoked)
        self.assertEqual(self.changed, [token.id])

    def test_revoke_before_it_is_stored(self) -> None:
        """A revocation is in effect at once, even if it cannot be stored."""
        token, value = self.issue()
        self.book.store = FailingStore()
        self.failureResultOf(self.book.revoke(token), OSError)
        self.assertEqual(self.state_of(value), TokenState.REVOKED)

    def test_expiry(self) -> None:
        """A token expires at its time, and listeners learn of it."""
        token, value = self.issue(expires=NOW + DAY)
        self.now = NOW + DAY - 1
        self.assertEqual(self.state_of(value), TokenState.VALID)
        self.now = NOW + DAY
        self.assertEqual(self.state_of(value), TokenState.EXPIRED)
        self.assertEqual(self.changed, [token.id])

    def test_sweep(self) -> None:
        """A token that is not presented is noticed as well."""
        token, _ = self.issue(expires=NOW + DAY)
        self.book.sweep()
        self.assertEqual(self.changed, [])
        self.now = NOW + DAY
        self.book.sweep()
        self.book.sweep()
        self.assertEqual(self.changed, [token.id])

    def test_clock_is_set_back(self) -> None:
        """An expired token stays expired when the clock is set back, and restarted."""
        _, value = self.issue(expires=NOW + DAY)
        self.now = NOW + 2 * DAY
        self.book.sweep()
        self.now = NOW
        self.assertEqual(self.state_of(value), TokenState.EXPIRED)
        self.book = self.reopened()
        self.assertEqual(self.state_of(value), TokenState.EXPIRED)

    def test_expiry_is_not_stored(self) -> None:
        """An expiry that cannot be stored is logged, and in effect."""
        _, value = self.issue(expires=NOW + DAY)
        self.book.store = FailingStore()
        self.now = NOW + DAY
        self.assertEqual(self.state_of(value), TokenState.EXPIRED)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_stored_later(self) -> None:
        """What could not be stored is stored by a later sweep, and only once."""
        revoked, expired = self.issue(), self.issue(expires=NOW + DAY)
        full, good = FailingStore(), self.book.store
        self.book.store = full
        self.failureResultOf(self.book.revoke(revoked[0]), OSError)
        self.now = NOW + DAY
        self.book.sweep()
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 3)
        self.book.store = good
        self.book.sweep()
        self.book = self.reopened()
        self.now = NOW
        self.assertEqual(self.state_of(revoked[1]), TokenState.REVOKED)
        self.assertEqual(self.state_of(expired[1]), TokenState.EXPIRED)


class OverlappingTests(BookTestCase):
    """Changes of one token while others are being stored."""

    def setUp(self) -> None:
        """Have a token, and a store that waits for the test."""
        super().setUp()
        self.token, self.value = self.issue()
        self.good = self.book.store
        self.slow = SlowStore()
        self.book.store = self.slow

    def test_older_change_is_stored(self) -> None:
        """A revocation that fails after an older change was stored is tried again."""
        narrowing = self.book.narrow(self.token, Level.DRAFT)
        narrowed = self.book.get(self.token.id)
        assert narrowed is not None
        revoking = self.book.revoke(narrowed)
        first, second = self.slow.waiting
        first.callback(None)
        self.successResultOf(narrowing)
        second.errback(full_disk())
        self.failureResultOf(revoking, OSError)
        self.book.store = self.good
        self.book.sweep()
        self.assertEqual(
            self.reopened().listed()[0].state, TokenState.REVOKED, "lost at a restart"
        )

    def test_older_change_fails(self) -> None:
        """A change that fails after the revocation was stored changes nothing."""
        narrowing = self.book.narrow(self.token, Level.DRAFT)
        narrowed = self.book.get(self.token.id)
        assert narrowed is not None
        revoking = self.book.revoke(narrowed)
        first, second = self.slow.waiting
        second.callback(None)
        self.successResultOf(revoking)
        first.errback(full_disk())
        self.failureResultOf(narrowing, OSError)
        self.slow.waiting.clear()
        self.book.sweep()
        self.assertEqual(self.slow.waiting, [])
        self.assertEqual(self.state_of(self.value), TokenState.REVOKED)

    def test_listener_fails(self) -> None:
        """A listener that raises keeps neither the others nor the store waiting."""
        self.book.store = self.good
        told: list[str] = []
        self.book.on_change.append(lambda token: 1 / 0)
        self.book.on_change.append(lambda token: told.append(token.state.value))
        self.successResultOf(self.book.narrow(self.token, Level.DRAFT))
        self.successResultOf(self.book.revoke(self.book.listed()[0]))
        self.assertEqual(told, ["valid", "revoked"])
        self.assertEqual(self.reopened().listed()[0].state, TokenState.REVOKED)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_taken_while_it_is_stored(self) -> None:
        """A token that is being stored is listed, and not yet found by its value."""
        book = TokenBook(self.slow, lambda: self.now)
        issuing = book.issue(TokenTerms(name="ada", workspaces=("one",)))
        self.assertEqual([each.name for each in book.listed()], ["ada"])
        self.assertEqual(book.names_for("one"), ["ada"])
        self.assertFalse(book.exist)
        self.slow.waiting[0].callback(None)
        _, value = self.successResultOf(issuing)
        self.assertTrue(book.exist)
        self.assertIsNotNone(book.find(value))

    def test_free_again(self) -> None:
        """What a token that could not be stored has taken is free again."""
        book = TokenBook(self.slow, lambda: self.now)
        issuing = book.issue(TokenTerms(name="ada", workspaces=("one",)))
        book.revoke(book.listed()[0]).addErrback(lambda failure: None)
        for storing in self.slow.waiting:
            storing.errback(full_disk())
        self.failureResultOf(issuing, OSError)
        self.assertEqual((book.listed(), book.names_for("one")), ([], []))
        self.slow.waiting.clear()
        book.sweep()
        self.assertEqual(self.slow.waiting, [])


class CurrentTests(BookTestCase):
    """What rights a token's callers have now."""

    def test_without_token(self) -> None:
        """Rights without a token are not limited by any."""
        self.assertIs(self.book.current(ALL_RIGHTS), ALL_RIGHTS)

    def test_valid(self) -> None:
        """Rights of a valid token stay as the request narrowed them."""
        token, _ = self.issue()
        rights = token.rights.narrowed(Level.READ_ONLY, ["leads"])
        self.assertIs(self.book.current(rights), rights)

    def test_narrowed(self) -> None:
        """Narrowing a token narrows the rights that its callers already hold."""
        token, value = self.issue()
        changed: list[str] = []
        self.book.on_change.append(lambda token: changed.append(token.id))
        self.successResultOf(self.book.narrow(token, Level.DRAFT, ["leads", "server"]))
        now = self.book.current(token.rights)
        assert now is not None
        self.assertEqual((now.level, now.toolsets), (Level.DRAFT, ("leads", "server")))
        self.assertEqual(changed, [token.id])
        found = self.reopened().find(value)
        assert found is not None
        self.assertEqual(found.rights, now)

    def test_never_widened(self) -> None:
        """Narrowing to more than a token has leaves it as it is."""
        token, _ = self.issue(level=Level.DRAFT, toolsets=("leads",))
        same = self.successResultOf(
            self.book.narrow(token, Level.FULL, ["emails", "leads"])
        )
        self.assertEqual(same, token)

    def test_ended(self) -> None:
        """There are no rights behind a token that ended, or that no one issued."""
        token, _ = self.issue()
        self.successResultOf(self.book.revoke(token))
        self.assertIsNone(self.book.current(token.rights))
        self.assertIsNone(self.book.current(Rights(token="tother")))


class LastUseTests(BookTestCase):
    """When a token was last used."""

    def last_used(self) -> float | None:
        """Return what is stored."""
        (token,) = self.reopened().listed()
        return token.last_used

    def test_once_a_minute(self) -> None:
        """It is stored at the first use, and then once a minute."""
        _, value = self.issue()
        for passed, stored in ((0, 0), (59, 0), (60, 60), (61, 60), (3600, 3600)):
            self.now = NOW + passed
            found = self.book.find(value)
            assert found is not None
            self.book.used(found)
            self.assertEqual(self.last_used(), NOW + stored)

    def test_clock_is_set_back(self) -> None:
        """A use before the stored one, by a clock that was set back, is stored."""
        _, value = self.issue()
        for at in (NOW, NOW - DAY):
            self.now = at
            found = self.book.find(value)
            assert found is not None
            self.book.used(found)
        self.assertEqual(self.last_used(), NOW - DAY)


@implementer(ITokenStore)
class FailingStore:
    """A store whose disk is full."""

    def tokens(self) -> Deferred[Sequence[ConnectionToken]]:
        """Fail."""
        return fail(full_disk())

    def add(self, token: ConnectionToken) -> Deferred[None]:
        """Fail."""
        return fail(full_disk())

    def change(self, token: ConnectionToken) -> Deferred[None]:
        """Fail."""
        return fail(full_disk())

    def used(self, token_id: str, at: float) -> Deferred[None]:
        """Fail."""
        return fail(full_disk())


@implementer(ITokenStore)
class SlowStore:
    """A store whose writes end when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Deferred[None]] = []

    def _write(self) -> Deferred[None]:
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def tokens(self) -> Deferred[Sequence[ConnectionToken]]:
        """Have no token."""
        return succeed(())

    def add(self, token: ConnectionToken) -> Deferred[None]:
        """Wait."""
        return self._write()

    def change(self, token: ConnectionToken) -> Deferred[None]:
        """Wait."""
        return self._write()

    def used(self, token_id: str, at: float) -> Deferred[None]:
        """Wait."""
        return self._write()


def full_disk() -> OSError:
    """Return the error of a disk without space."""
    return OSError(28, "No space left on device")


class BookMachine(RuleBasedStateMachine):
    """Any sequence of commands, steps of the clock in both directions, and restarts."""

    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.database = MemoryDatabase()
        self.ended: dict[str, TokenState] = {}
        self.levels: dict[str, int] = {}
        self.reopen()

    @rule()
    def reopen(self) -> None:
        """Restart the daemon."""
        self.book = TokenBook(TokenStore(self.database), lambda: self.now)
        self.book.load()

    @rule(target=tokens, life=st.none() | st.integers(1, 100))
    def issue(self, life: int | None) -> str:
        """Issue a token."""
        expires = None if life is None else self.now + life
        issuing = self.book.issue(TokenTerms(name="x", expires=expires))
        value: list[str] = []
        issuing.addCallback(lambda made: value.append(made[1]))
        return value[0]

    @rule(seconds=st.integers(-200, 200))
    def step(self, seconds: int) -> None:
        """Set the clock."""
        self.now += seconds

    @rule(value=tokens)
    def revoke(self, value: str) -> None:
        """Revoke a token that is valid."""
        token = self.book.find(value)
        assert token is not None
        if token.state is TokenState.VALID:
            self.book.revoke(token)
            self.ended[value] = TokenState.REVOKED

    @rule(value=tokens, level=st.sampled_from(Level))
    def narrow(self, value: str, level: Level) -> None:
        """Narrow a token that is valid."""
        token = self.book.find(value)
        assert token is not None
        if token.state is TokenState.VALID:
            self.book.narrow(token, level)

    @rule(value=tokens)
    def look(self, value: str) -> None:
        """Present a token: what has ended stays ended, and no level rises."""
        token = self.book.find(value)
        assert token is not None
        before = self.ended.get(value)
        if before is not None:
            assert token.state is before, (token, before)
        if token.state is not TokenState.VALID:
            self.ended[value] = token.state
            assert self.book.current(token.rights) is None
        highest = self.levels.get(value, Level.FULL.rank)
        assert token.level.rank <= highest
        self.levels[value] = token.level.rank

    @invariant()
    def no_duplicates(self) -> None:
        """Every token has an id of its own."""
        ids = [token.id for token in self.book.listed()]
        assert len(ids) == len(set(ids))

    def teardown(self) -> None:
        """Close the database."""
        self.database.close()


class MachineTests(SynchronousTestCase):
    """The machine, run."""

    def test_any_sequence(self) -> None:
        """No sequence revives a token or widens its rights."""
        run_state_machine_as_test(
            BookMachine, settings=settings(max_examples=30, stateful_step_count=25)
        )
