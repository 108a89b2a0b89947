"""The gatekeeper: whose key a request acts with, under each of the policies."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._credential import Credential, Secret
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.pipeline.credential_errors import reason_in
from instantly_mcp.pipeline.interfaces import IGatekeeper, Presented
from instantly_mcp.protocol.wire.errors import (
    INVALID_REQUEST,
    UNAUTHORIZED,
    ProtocolError,
)

OWN = Presented("own-key-0123456789", "x-instantly-api-key")
OTHER = Presented("other-key-987654321", "query")
SERVER = Presented("the-server-secret", "authorization")
OPERATOR = Secret("operator-key-4242424242")
SERVER_SECRET = Secret("the-server-secret")


class GatekeeperTestCase(SynchronousTestCase):
    """Assertions about the results of `admit`."""

    def admitted(
        self,
        gatekeeper: Gatekeeper,
        *presented: Presented,
        workspace: str | None = None,
    ) -> Credential:
        """Return the result, which must be a credential."""
        verdict = gatekeeper.admit(presented, workspace)
        assert isinstance(verdict, Credential), verdict
        return verdict

    def refused(self, gatekeeper: Gatekeeper, *presented: Presented) -> ProtocolError:
        """Return the result, which must be an error."""
        verdict = gatekeeper.admit(presented, None)
        assert isinstance(verdict, ProtocolError), verdict
        return verdict


class ApproverSecretTests(GatekeeperTestCase):
    """The secret of an approver is not a key, in no place and under no policy."""

    def test_refused(self) -> None:
        """It is refused, also when it is damaged, quoted or beside a key."""
        whole = "ima_" + "aB-_" * 10 + "xyz"
        own = Presented("sandbox-own", "x-api-key")
        for gatekeeper in (
            Gatekeeper(),
            Gatekeeper(sandbox=True),
            Gatekeeper(operator_key=OPERATOR),
            Gatekeeper(operator_key=OPERATOR, server_secret=SERVER_SECRET),
        ):
            for value in (whole, whole[:20], f'"{whole}"', whole.upper()):
                for source in ("authorization", "path", "query", "x-api-key"):
                    given = Presented(value, source)
                    for presented in ((given,), (own, given), (SERVER, given)):
                        error = self.refused(gatekeeper, *presented)
                        self.assertEqual(error.status, 401)
                        self.assertEqual(reason_in(error.data), "approver_secret")
                        self.assertNotIn(value, str(error))

    def test_in_a_server_secret(self) -> None:
        """A server secret may contain the same letters."""
        secret = "the_prima_donna_secret_0123"
        gatekeeper = Gatekeeper(operator_key=OPERATOR, server_secret=Secret(secret))
        self.admitted(gatekeeper, Presented(secret, "authorization"))


class OpenTests(GatekeeperTestCase):
    """Neither server secret nor operator key: each caller needs a key."""

    gatekeeper = Gatekeeper()

    def test_provides_interface(self) -> None:
        """A Gatekeeper provides IGatekeeper."""
        self.assertTrue(verifyObject(IGatekeeper, self.gatekeeper))

    def test_own_key(self) -> None:
        """The presented key is the credential, with its source and its workspace."""
        credential = self.admitted(self.gatekeeper, OWN, workspace="ws-1")
        self.assertEqual(credential.secret, Secret(OWN.value))
        self.assertEqual(credential.source, OWN.source)
        self.assertEqual(credential.workspace, "ws-1")

    def test_anonymous(self) -> None:
        """Without a key there is no credential, and no error either."""
        self.assertIsNone(self.gatekeeper.admit((), None))
        self.assertIsNone(self.gatekeeper.admit((), "ws-1"))

    def test_same_key_twice(self) -> None:
        """One key in two places is one key; the first place is its source."""
        again = Presented(OWN.value, "path")
        credential = self.admitted(self.gatekeeper, OWN, again)
        self.assertEqual(credential.source, OWN.source)

    def test_two_keys(self) -> None:
        """Two different keys are refused with 400, and neither is named."""
        error = self.refused(self.gatekeeper, OWN, OTHER)
        self.assertEqual((error.code, error.status), (INVALID_REQUEST, 400))
        self.assertNotIn(OWN.value, repr(error.as_object()))
        self.assertNotIn(OTHER.value, repr(error.as_object()))

    def test_no_magic_keys(self) -> None:
        """No value switches authentication off: each is a key like any other."""
        secured = Gatekeeper(operator_key=OPERATOR, server_secret=SERVER_SECRET)
        for value in ("dummy", "dummydummy", "test-test-test", "none", "null", "*"):
            magic = Presented(value, "authorization")
            credential = self.admitted(self.gatekeeper, magic)
            self.assertEqual(credential.secret, Secret(value))
            self.assertEqual(self.refused(secured, magic).status, 401)


class OperatorKeyTests(GatekeeperTestCase):
    """The operator's key is used for callers without one (local addresses only)."""

    gatekeeper = Gatekeeper(operator_key=OPERATOR)

    def test_anonymous_acts_as_operator(self) -> None:
        """A caller without a key acts with the operator's, in its own workspace."""
        credential = self.admitted(self.gatekeeper)
        self.assertEqual(credential.secret, OPERATOR)
        self.assertEqual(credential.source, "operator")
        elsewhere = self.admitted(self.gatekeeper, workspace="ws-1")
        self.assertEqual(elsewhere.workspace, "ws-1")
        self.assertNotEqual(elsewhere.principal, credential.principal)

    def test_own_key_wins(self) -> None:
        """A caller's own key is never replaced by the operator's."""
        credential = self.admitted(self.gatekeeper, OWN)
        self.assertEqual(credential.secret, Secret(OWN.value))


class ServerSecretTests(GatekeeperTestCase):
    """Callers must present the server's secret."""

    gatekeeper = Gatekeeper(operator_key=OPERATOR, server_secret=SERVER_SECRET)

    def test_secret_lends_operator_key(self) -> None:
        """A caller that presents only the secret uses the operator's key."""
        self.assertEqual(self.admitted(self.gatekeeper, SERVER).secret, OPERATOR)

    def test_secret_and_own_key(self) -> None:
        """A secret and a key are not two keys: the key is the caller's own."""
        for order in ((SERVER, OWN), (OWN, SERVER)):
            credential = self.admitted(self.gatekeeper, *order)
            self.assertEqual(credential.secret, Secret(OWN.value))

    def test_no_open_relay(self) -> None:
        """A caller without the secret does not get the operator's key but 401."""
        for presented in ((), (OWN,), (Presented("the-server-secre", "path"),)):
            error = self.refused(self.gatekeeper, *presented)
            self.assertEqual((error.code, error.status), (UNAUTHORIZED, 401))
            self.assertTrue(
                error.message.startswith("Unauthorized: Invalid or missing API key. ")
            )
            self.assertIn(("WWW-Authenticate", "Bearer"), error.headers)

    def test_secret_never_goes_to_instantly(self) -> None:
        """Without an operator's key the secret does not become an Instantly key."""
        gatekeeper = Gatekeeper(server_secret=SERVER_SECRET)
        self.assertIsNone(gatekeeper.admit((SERVER,), None))

    def test_two_keys_beside_secret(self) -> None:
        """Two different keys stay two different keys."""
        self.assertEqual(self.refused(self.gatekeeper, SERVER, OWN, OTHER).status, 400)

    def test_no_auth(self) -> None:
        """With --no-auth the secret is not needed, and still not an Instantly key."""
        gatekeeper = Gatekeeper(server_secret=SERVER_SECRET, demand_secret=False)
        self.assertIsNone(gatekeeper.admit((), None))
        self.assertIsNone(gatekeeper.admit((SERVER,), None))

    def test_not_ascii(self) -> None:
        """A key with other characters than ASCII is compared without an error."""
        self.assertEqual(
            self.refused(self.gatekeeper, Presented("ключ-0123456789", "path")).status,
            401,
        )


class WrongSecretTests(GatekeeperTestCase):
    """A caller's wrong secret is never sent to Instantly as if it were a key."""

    RIGHT, WRONG, KEY = "the-server-secret", "the-wrong-secret", OWN.value
    FORMER = "the-former-secret"
    OPERATORS, ANONYMOUS = "operator", "anonymous"

    # Authorization, x-instantly-api-key, x-api-key: what comes of it where a server
    # secret is asked for, with an operator's key and without one.
    TABLE: Sequence[tuple[str | None, str | None, str | None, object]] = (
        (None, None, None, 401),
        (RIGHT, None, None, OPERATORS),
        (None, RIGHT, None, OPERATORS),
        (None, None, RIGHT, OPERATORS),
        (RIGHT, None, RIGHT, OPERATORS),
        (RIGHT, KEY, None, KEY),
        (None, KEY, RIGHT, KEY),
        (KEY, None, RIGHT, KEY),
        (RIGHT, None, KEY, KEY),
        (RIGHT, KEY, KEY, KEY),
        (KEY, RIGHT, None, KEY),
        (WRONG, None, None, 401),
        (None, WRONG, None, 401),
        (None, None, WRONG, 401),
        (WRONG, WRONG, WRONG, 401),
        (WRONG, KEY, None, 401),
        (KEY, None, WRONG, 401),
        (None, KEY, None, 401),
        (KEY, None, None, 401),
        (FORMER, None, None, 401),
        (FORMER, None, RIGHT, 401),
        (RIGHT, FORMER, None, 401),
        (FORMER, KEY, None, 401),
        (RIGHT, RIGHT[:-1], None, 401),
        (RIGHT, None, f"{RIGHT}.", 401),
        (RIGHT.upper(), None, RIGHT, 401),
        (RIGHT, KEY, WRONG, 400),
        (WRONG, KEY, RIGHT, 400),
        (RIGHT, KEY, FORMER, 400),
    )

    def outcome(self, gatekeeper: Gatekeeper, *values: str | None) -> object:
        """Return the status of a refusal, or the key that would be sent."""
        places = ("authorization", "x-instantly-api-key", "x-api-key")
        presented = [
            Presented(value, place)
            for value, place in zip(values, places, strict=True)
            if value is not None
        ]
        verdict = gatekeeper.admit(presented, None)
        if isinstance(verdict, ProtocolError):
            for value in filter(None, values):
                self.assertNotIn(value, str(verdict.as_object()))
            return verdict.status
        if verdict is None:
            return self.ANONYMOUS
        return self.OPERATORS if verdict.secret == OPERATOR else verdict.secret.reveal()

    def test_table(self) -> None:
        """Without the right secret no value is used; with it, only a key is."""
        former = (Secret(self.FORMER).digest(),)
        for operator_key in (OPERATOR, None):
            gatekeeper = Gatekeeper(
                operator_key=operator_key,
                server_secret=SERVER_SECRET,
                former_secrets=former,
            )
            for *values, expected in self.TABLE:
                lent = expected == self.OPERATORS
                wanted = self.ANONYMOUS if lent and operator_key is None else expected
                self.assertEqual(self.outcome(gatekeeper, *values), wanted, values)

    def test_no_auth(self) -> None:
        """A secret that is not required is still recognized, as are former ones."""
        gatekeeper = Gatekeeper(
            operator_key=OPERATOR,
            server_secret=SERVER_SECRET,
            former_secrets=(Secret(self.FORMER).digest(),),
            demand_secret=False,
        )
        for values, expected in (
            ((None, None, None), self.OPERATORS),
            ((self.RIGHT, None, None), self.OPERATORS),
            ((self.KEY, None, None), self.KEY),
            ((self.FORMER, None, None), 401),
        ):
            self.assertEqual(self.outcome(gatekeeper, *values), expected, values)

    def test_words(self) -> None:
        """The message says which key is missing, where it goes, what was found."""
        for operator_key, beside in ((OPERATOR, False), (None, True)):
            gatekeeper = Gatekeeper(
                operator_key=operator_key, server_secret=SERVER_SECRET
            )
            missing = self.refused(gatekeeper)
            self.assertIn("The server secret is missing", missing.message)
            wrong = self.refused(gatekeeper, Presented(self.WRONG, "path"), OWN)
            self.assertIn("the URL path and the x-instantly-api-key", wrong.message)
            self.assertIn("not the server secret", wrong.message)
            for error, reason in (
                (missing, "server_secret_missing"),
                (wrong, "server_secret_wrong"),
            ):
                self.assertIn("Authorization: Bearer SERVER_SECRET", error.message)
                self.assertEqual("x-instantly-api-key beside" in error.message, beside)
                self.assertEqual(reason_in(error.data), reason)


class SandboxTests(GatekeeperTestCase):
    """Real keys are not passed to the sandbox."""

    gatekeeper = Gatekeeper(operator_key=OPERATOR, sandbox=True)

    def test_default_key(self) -> None:
        """Without a key the caller uses the shared sandbox key, not the operator's."""
        credential = self.admitted(self.gatekeeper)
        self.assertEqual(credential.secret, Secret("sandbox"))
        self.assertEqual(credential.source, "sandbox")

    def test_sandbox_key(self) -> None:
        """A key that begins with sandbox is passed on as it is."""
        key = Presented("sandbox-of-alice", "path")
        self.assertEqual(self.admitted(self.gatekeeper, key).secret, Secret(key.value))

    def test_real_key_is_not_kept(self) -> None:
        """Of any other key only the digest stays; what is sent is not the key."""
        credential = self.admitted(self.gatekeeper, OWN, workspace="ws-1")
        real = Credential(secret=Secret(OWN.value), source=OWN.source, workspace="ws-1")
        self.assertEqual(credential.principal, real.principal)
        self.assertNotEqual(credential.secret, real.secret)
        self.assertFalse(credential.secret.reveal().startswith("sandbox"))
        self.assertNotIn(OWN.value, credential.secret.reveal())

    def test_server_secret_counts(self) -> None:
        """The sandbox requires the server secret too, if there is one."""
        gatekeeper = Gatekeeper(server_secret=SERVER_SECRET, sandbox=True)
        self.assertEqual(self.refused(gatekeeper).status, 401)
        self.assertEqual(self.admitted(gatekeeper, SERVER).secret, Secret("sandbox"))


class CanaryTests(GatekeeperTestCase):
    """Secrets are not shown."""

    def test_repr(self) -> None:
        """No representation of the gatekeeper holds a secret."""
        gatekeeper = Gatekeeper(operator_key=OPERATOR, server_secret=SERVER_SECRET)
        self.assertNotIn(OPERATOR.reveal(), repr(gatekeeper))
        self.assertNotIn(SERVER_SECRET.reveal(), repr(gatekeeper))
