"""Connection tokens at the gatekeeper: who is admitted, and as what."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import (
    OPERATOR,
    SANDBOX_PREFIX,
    Credential,
    CurrentSecret,
    Secret,
)
from instantly_mcp._rights import Level
from instantly_mcp._times import utc_day
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.access.tokens.admission import TokenAdmission
from instantly_mcp.access.tokens.book import TokenBook, TokenTerms
from instantly_mcp.access.tokens.token import new_token
from instantly_mcp.access.workspaces.book import WorkspaceBook
from instantly_mcp.access.workspaces.entry import WorkspaceEntry
from instantly_mcp.pipeline.credential_errors import RefusalReason, reason_in
from instantly_mcp.pipeline.interfaces import Presented
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.tokens import TokenStore
from instantly_mcp.state.stores.workspaces import WorkspaceStore

KEY = Presented("own-key-0123456789", "x-instantly-api-key")
SECRET = Presented("the-server-secret", "authorization")
NOW = 1.8e9
DAY = 86400.0
PLACES = (
    *("authorization", "x-instantly-api-key", "x-api-key"),
    *("path", "query", "session-id"),
)


class AdmissionTestCase(SynchronousTestCase):
    """A gatekeeper with the operator's key, and a book of tokens."""

    only: bool | None = None
    secret: Secret | None = None

    def setUp(self) -> None:
        """Have a gatekeeper, and no token."""
        self.now = NOW
        database = MemoryDatabase()
        self.addCleanup(database.close)
        self.book = TokenBook(TokenStore(database), lambda: self.now)
        self.gatekeeper = Gatekeeper(
            operator_key=CurrentSecret(Secret("operator-key-4242424242"), OPERATOR),
            server_secret=self.secret,
            tokens=TokenAdmission(book=self.book, only=self.only),
        )

    def issue(self, **terms: object) -> str:
        """Issue a token; return its value."""
        made = TokenTerms(name="ada", **terms)  # type: ignore[arg-type]
        _, value = self.successResultOf(self.book.issue(made))
        return value

    def revoke(self, value: str) -> None:
        """Revoke a token."""
        token = self.book.find(value)
        assert token is not None
        self.successResultOf(self.book.revoke(token))

    def admitted(self, *presented: Presented) -> Credential:
        """Return the credential of a request."""
        verdict = self.gatekeeper.admit(presented, None)
        assert isinstance(verdict, Credential), verdict
        return verdict

    def refused(
        self, *presented: Presented, workspace: str | None = None
    ) -> tuple[int, str | None]:
        """Return the status and the reason with which a request is refused."""
        verdict = self.gatekeeper.admit(presented, workspace)
        return self.told(verdict, presented)

    def told(
        self,
        verdict: Credential | ProtocolError | None,
        presented: Sequence[Presented] = (),
    ) -> tuple[int, str | None]:
        """Return status and reason of an error, which must not repeat what was sent."""
        assert isinstance(verdict, ProtocolError), verdict
        for key in presented:
            self.assertNotIn(key.value, repr(verdict.as_object()))
        return verdict.status, reason_in(verdict.data)


class BeforeTheFirstTests(AdmissionTestCase):
    """Without a token everything is as it was."""

    def test_operator_key(self) -> None:
        """Callers without a credential use the operator's key."""
        self.assertEqual(self.admitted().source, OPERATOR)
        self.assertTrue(self.gatekeeper.shares_operator_key)

    def test_raw_key(self) -> None:
        """Callers with a key of their own use that."""
        self.assertEqual(self.admitted(KEY).secret, Secret(KEY.value))

    def test_token_of_another_daemon(self) -> None:
        """What looks like a token is refused, and not taken for a key."""
        for value in (new_token(), new_token()[:-3], "imt_", "IMT_" + "a" * 30):
            status, reason = self.refused(Presented(value, "query"))
            self.assertEqual(status, 401)
            self.assertIn("connection_token", str(reason))

    def test_without_a_book(self) -> None:
        """A gatekeeper without a book takes no token for a key either."""
        verdict = Gatekeeper().admit((Presented(new_token(), "path"),), None)
        self.assertEqual(self.told(verdict), (401, RefusalReason.TOKEN_UNKNOWN))


class AdmittedTests(AdmissionTestCase):
    """Valid tokens."""

    def test_every_place(self) -> None:
        """A token counts wherever a key may be, with its place as the source."""
        value = self.issue(level=Level.DRAFT)
        for place in PLACES:
            credential = self.admitted(Presented(value, place))
            self.assertEqual(credential.source, place)
            self.assertEqual(credential.rights.level, Level.DRAFT)
            self.assertEqual(credential.rights.token_name, "ada")

    def test_principal(self) -> None:
        """Its callers act with the operator's key, each token as its own principal."""
        first, second = (self.admitted(Presented(self.issue(), "path")) for _ in "ab")
        self.assertEqual(first.secret, Secret("operator-key-4242424242"))
        self.assertEqual(first.principal, first.rights.token)
        self.assertNotEqual(first.principal, second.principal)
        self.assertEqual(first.workspace_key, second.workspace_key)

    def test_new_operator_key(self) -> None:
        """A reload of the operator's key reaches the callers of tokens."""
        credential = self.admitted(Presented(self.issue(), "path"))
        operator = self.gatekeeper.operator_key
        assert isinstance(operator, CurrentSecret)
        operator.replace(Secret("another-key-4242424242"))
        self.assertEqual(credential.secret, Secret("another-key-4242424242"))

    def test_twice(self) -> None:
        """One token in two places is one token."""
        value = self.issue()
        self.admitted(Presented(value, "authorization"), Presented(value, "path"))

    def test_last_used(self) -> None:
        """Its use is noted."""
        value = self.issue()
        self.admitted(Presented(value, "path"))
        (token,) = self.book.listed()
        self.assertEqual(token.last_used, NOW)

    def test_refused_use(self) -> None:
        """A request that is refused is not a use."""
        value = self.issue()
        self.refused(Presented(value, "path"), KEY)
        self.refused(Presented(value, "path"), workspace="ws-1")
        (token,) = self.book.listed()
        self.assertIsNone(token.last_used)

    def test_sandbox(self) -> None:
        """In a sandbox its callers act on the first simulated workspace."""
        gatekeeper = evolve(self.gatekeeper, sandbox=True)
        verdict = gatekeeper.admit((Presented(self.issue(), "path"),), None)
        assert isinstance(verdict, Credential)
        self.assertEqual(verdict.secret, Secret(SANDBOX_PREFIX))

    def test_no_key(self) -> None:
        """Without an Instantly key a token is of no use, and the operator must act."""
        gatekeeper = evolve(self.gatekeeper, operator_key=None)
        for terms in ({}, {"workspaces": ("gone",)}):
            value = self.issue(**terms)
            verdict = gatekeeper.admit((Presented(value, "path"),), None)
            self.assertEqual(self.told(verdict), (401, RefusalReason.TOKEN_WITHOUT_KEY))


class RefusedTests(AdmissionTestCase):
    """Everything else, once a token was issued."""

    def test_nothing(self) -> None:
        """Callers without a credential have none: they get discovery only."""
        value = self.issue()
        self.assertIsNone(self.gatekeeper.admit((), None))
        self.assertFalse(self.gatekeeper.shares_operator_key)
        self.revoke(value)
        self.assertIsNone(self.gatekeeper.admit((), None), "after the last one ended")

    def test_raw_key(self) -> None:
        """Raw keys are refused."""
        self.issue()
        self.assertEqual(self.refused(KEY), (401, RefusalReason.TOKEN_REQUIRED))

    def test_flaws(self) -> None:
        """Each way not to be valid has its reason, and all are 401."""
        revoked, expired = self.issue(), self.issue(expires=NOW + DAY)
        self.revoke(revoked)
        self.now += DAY
        valid = self.issue()
        for value, reason in (
            (revoked, RefusalReason.TOKEN_REVOKED),
            (expired, RefusalReason.TOKEN_EXPIRED),
            (new_token(), RefusalReason.TOKEN_UNKNOWN),
            (valid[:-1], RefusalReason.TOKEN_MISTYPED),
            (valid.swapcase(), RefusalReason.TOKEN_MISTYPED),
            (valid + "x", RefusalReason.TOKEN_MISTYPED),
            (f"x{valid}", RefusalReason.TOKEN_MISTYPED),
        ):
            for place in PLACES:
                found = self.refused(Presented(value, place))
                self.assertEqual(found, (401, reason), value)

    def test_when_it_ended(self) -> None:
        """The error says on which day the token was revoked or expired."""
        revoked, expired = self.issue(), self.issue(expires=NOW + DAY)
        self.revoke(revoked)
        ended = utc_day(NOW), utc_day(NOW + DAY)
        self.now += 3 * DAY
        for value, text in (
            (revoked, f"it was revoked on {ended[0]}. Ask the operator"),
            (expired, f"it expired on {ended[1]}. Ask the operator"),
        ):
            error = self.gatekeeper.admit((Presented(value, "authorization"),), None)
            self.assertIsInstance(error, ProtocolError)
            self.assertIn(text, str(error))

    def test_two(self) -> None:
        """A token beside another value is 400, whichever comes first."""
        value = Presented(self.issue(), "authorization")
        other = Presented(self.issue(), "path")
        for both in ((value, KEY), (KEY, value), (value, other)):
            self.assertEqual(
                self.refused(*both), (400, RefusalReason.TOKEN_AND_KEY), both
            )

    def test_workspace(self) -> None:
        """A token decides the workspace: ``x-as-workspace`` beside it is 400."""
        value = Presented(self.issue(), "authorization")
        self.assertEqual(
            self.refused(value, workspace="ws-1"), (400, RefusalReason.TOKEN_WORKSPACE)
        )

    @settings(max_examples=200)
    @given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
    def test_never_a_key(self, text: str) -> None:
        """No text around the prefix is ever the secret of a credential."""
        for value in (f"imt_{text}", f"{text}imt_", f"{text}IMT_{text}"):
            self.assertEqual(self.refused(Presented(value, "query"))[0], 401)


class KeysTooTests(AdmissionTestCase):
    """``tokens_only = false``: raw keys are taken beside tokens."""

    only = False

    def test_raw_key(self) -> None:
        """A raw key is used, but the operator's key is lent to no one."""
        self.issue()
        self.assertEqual(self.admitted(KEY).secret, Secret(KEY.value))
        self.assertIsNone(self.gatekeeper.admit((), None))

    def test_token_without_its_beginning(self) -> None:
        """A token whose prefix was cut or mistyped is not taken for a key."""
        value = self.issue()
        for cut in (value[4:], value[1:], "lmt_" + value[4:], "imt-" + value[4:]):
            self.assertEqual(
                self.refused(Presented(cut, "x-api-key")),
                (401, RefusalReason.TOKEN_MISTYPED),
            )


class TokensOnlyTests(AdmissionTestCase):
    """``tokens_only = true`` before the first token."""

    only = True

    def test_no_one(self) -> None:
        """There is no way in until a token is issued."""
        self.assertIsNone(self.gatekeeper.admit((), None))
        self.assertFalse(self.gatekeeper.shares_operator_key)
        self.assertEqual(self.refused(KEY), (401, RefusalReason.TOKEN_REQUIRED))
        self.admitted(Presented(self.issue(), "path"))


class SecretTests(AdmissionTestCase):
    """A server secret and tokens."""

    secret = Secret(SECRET.value)

    def test_token_replaces_secret(self) -> None:
        """A valid token is enough."""
        self.admitted(Presented(self.issue(), "path"))

    def test_token_beside_secret(self) -> None:
        """A token may come with the secret."""
        value = Presented(self.issue(), "x-api-key")
        self.assertEqual(self.admitted(SECRET, value).source, "x-api-key")

    def test_bad_token(self) -> None:
        """A bad token is not enough, with the secret or without it."""
        value = Presented(self.issue(), "x-api-key")
        self.revoke(value.value)
        for presented in ((value,), (SECRET, value)):
            self.assertEqual(
                self.refused(*presented), (401, RefusalReason.TOKEN_REVOKED)
            )

    def test_secret_alone(self) -> None:
        """The secret alone is no longer enough for the operator's key."""
        self.assertEqual(self.admitted(SECRET).source, OPERATOR)
        self.issue()
        self.assertIsNone(self.gatekeeper.admit((SECRET,), None))

    def test_nothing(self) -> None:
        """A request with nothing is asked for what helps."""
        self.assertEqual(self.refused(), (401, RefusalReason.SECRET_MISSING))
        self.issue()
        self.assertEqual(self.refused(), (401, RefusalReason.TOKEN_REQUIRED))


class VisitorTests(AdmissionTestCase):
    """Callers of the routes outside of MCP."""

    def known(self, *presented: Presented) -> bool:
        """Say whether a visitor is known."""
        return self.gatekeeper.refusal_as_visitor(presented) is None

    def test_without_tokens(self) -> None:
        """Without secret and tokens everyone is known."""
        self.assertTrue(self.known())

    def test_with_tokens(self) -> None:
        """With tokens only a valid one is known."""
        value = Presented(self.issue(), "authorization")
        self.assertFalse(self.known())
        self.assertFalse(self.known(KEY))
        self.assertTrue(self.known(value))
        self.revoke(value.value)
        self.assertFalse(self.known(value))


class RenewedTests(AdmissionTestCase):
    """The credentials of sessions, later."""

    def test_narrowed(self) -> None:
        """A narrowed token narrows what its sessions may do."""
        credential = self.admitted(Presented(self.issue(), "path"))
        self.assertIs(self.gatekeeper.renewed(credential), credential)
        (token,) = self.book.listed()
        self.successResultOf(self.book.narrow(token, Level.READ_ONLY))
        renewed = self.gatekeeper.renewed(credential)
        assert isinstance(renewed, Credential)
        self.assertEqual(renewed.rights.level, Level.READ_ONLY)
        self.assertEqual(renewed, credential)

    def test_ended(self) -> None:
        """A token that ended ends them."""
        value = self.issue()
        credential = self.admitted(Presented(value, "path"))
        self.revoke(value)
        self.assertEqual(
            self.told(self.gatekeeper.renewed(credential)),
            (401, RefusalReason.TOKEN_REVOKED),
        )

    def test_opened_before_the_first_token(self) -> None:
        """Neither the operator's key nor a raw key outlives the first token."""
        credentials = (self.admitted(), self.admitted(KEY))
        for credential in credentials:
            self.assertIs(self.gatekeeper.renewed(credential), credential)
        self.issue()
        for credential in credentials:
            self.assertEqual(
                self.told(self.gatekeeper.renewed(credential)),
                (401, RefusalReason.TOKEN_REQUIRED),
            )

    def test_session_inside_a_session(self) -> None:
        """The operator's key is known as such; callers' own keys may still be used."""
        self.gatekeeper = evolve(
            self.gatekeeper, tokens=TokenAdmission(book=self.book, only=False)
        )
        lent, own = (
            evolve(each, source="session")
            for each in (self.admitted(), self.admitted(KEY))
        )
        self.issue()
        self.assertIs(self.gatekeeper.renewed(own), own)
        self.assertEqual(
            self.told(self.gatekeeper.renewed(lent)),
            (401, RefusalReason.TOKEN_REQUIRED),
        )


class WorkspaceTests(AdmissionTestCase):
    """Tokens of workspaces."""

    def setUp(self) -> None:
        """Have two workspaces."""
        super().setUp()
        database = MemoryDatabase()
        self.addCleanup(database.close)
        book = WorkspaceBook(
            WorkspaceStore(database), lambda path: Secret(f"key-{path}")
        )
        self.successResultOf(
            book.add(
                [
                    WorkspaceEntry(alias="one", api_key_file="/1"),
                    WorkspaceEntry(alias="two", api_key_file="/2"),
                ]
            )
        )
        self.gatekeeper = evolve(
            self.gatekeeper, tokens=TokenAdmission(book=self.book, workspaces=book)
        )

    def verdict(
        self, value: str, alias: str | None
    ) -> Credential | ProtocolError | None:
        """Return what a request with a token and an alias acts with."""
        return self.gatekeeper.admit((Presented(value, "path"),), None, alias)

    def test_one(self) -> None:
        """A token of one workspace acts there, whether the request names it or not."""
        value = self.issue(workspaces=("two",))
        for alias in (None, "two"):
            credential = self.verdict(value, alias)
            assert isinstance(credential, Credential)
            self.assertEqual(credential.secret, Secret("key-/2"))
            self.assertEqual(credential.workspace_name, "two")
            self.assertEqual(credential.rights.workspaces, ())

    def test_several(self) -> None:
        """A token of several leaves the choice to the caller."""
        value = self.issue(workspaces=("one", "two"))
        credential = self.verdict(value, None)
        assert isinstance(credential, Credential)
        self.assertEqual(credential.rights.workspaces, ("one", "two"))
        chosen = self.verdict(value, "one")
        assert isinstance(chosen, Credential)
        self.assertEqual(chosen.secret, Secret("key-/1"))

    def test_another(self) -> None:
        """A workspace of others is refused like one that does not exist, and unused."""
        value = self.issue(workspaces=("two",))
        said = {repr(self.verdict(value, alias)) for alias in ("one", "three")}
        self.assertEqual(len(said), 1)
        self.assertEqual(
            self.told(self.verdict(value, "one")), (403, RefusalReason.WORKSPACE)
        )
        (token,) = self.book.listed()
        self.assertIsNone(token.last_used)

    def test_operator_key_has_no_alias(self) -> None:
        """A token without workspaces reaches none by its name."""
        value = self.issue()
        verdict = self.verdict(value, "one")
        self.assertEqual(self.told(verdict), (400, RefusalReason.WORKSPACE))
        assert isinstance(verdict, ProtocolError)
        self.assertIn("for the server's own workspace", verdict.message)
