"""Authentication: who sends it, wherever the key is, and what is refused."""

from __future__ import annotations

from attrs import evolve
from twisted.logger import capturedLogs
from zope.interface.verify import verifyObject

from instantly_mcp.pipeline.credential_sources import CredentialSources
from instantly_mcp.pipeline.exchange import Note, Route
from instantly_mcp.pipeline.interfaces import IStage
from instantly_mcp.pipeline.replies.reply import Answer
from tests.pipeline.stages.authenticating import (
    ALICE,
    BOB,
    OPERATOR,
    SERVER,
    UUID,
    AuthenticationTestCase,
    credential,
    keyed,
    message,
)
from tests.support.exchanges import exchange


class CredentialTests(AuthenticationTestCase):
    """The credential of requests without a session."""

    def test_provides_interface(self) -> None:
        """Authentication is a stage."""
        self.assertTrue(verifyObject(IStage, self.stage))

    def test_anonymous(self) -> None:
        """Without a key the exchange goes on without a credential."""
        one = exchange()
        self.assertEqual(self.passed(one), one)

    def test_finds_key(self) -> None:
        """The key becomes the credential, which knows its source."""
        out = self.acts_as(keyed(ALICE), ALICE)
        assert out.credential is not None
        self.assertEqual(out.credential.source, "authorization")
        self.assertEqual(out.principal, credential(ALICE).principal)
        self.assertEqual(out.notes, ())

    def test_every_route(self) -> None:
        """The same resolver serves every route and method."""
        for route in Route:
            for method in ("GET", "POST", "DELETE"):
                self.acts_as(
                    exchange(route=route, method=method, path_key=ALICE), ALICE
                )

    def test_query_is_noted(self) -> None:
        """A key in the query works, and is noted."""
        out = self.acts_as(exchange(query={"apiKey": [ALICE]}), ALICE)
        self.assertEqual(out.notes, (Note("credential-from-query"),))

    def test_query_off(self) -> None:
        """A setting turns the query off; the request is then anonymous."""
        self.stage = evolve(self.stage, sources=CredentialSources(query=False))
        self.assertIsNone(self.passed(exchange(query={"apiKey": [ALICE]})).credential)

    def test_two_keys(self) -> None:
        """Two different keys are refused with 400, neither is used or named."""
        one = keyed(ALICE, path_key=BOB)
        error = self.refused(one, 400)
        self.assertNotIn(ALICE, repr(error))
        self.assertNotIn(BOB, repr(error))

    def test_same_key_twice(self) -> None:
        """The same key in two places is not a conflict."""
        self.acts_as(keyed(ALICE, path_key=ALICE), ALICE)

    def test_short_path_key(self) -> None:
        """A short path key is refused with 401 and its documented error."""
        error = self.refused(exchange(path_key="short"), 401)
        self.assertEqual(error["code"], -32001)
        self.assertTrue(
            str(error["message"]).startswith("Invalid API key in URL path: ")
        )

    def test_scheme(self) -> None:
        """Another Authorization scheme is refused with 401."""
        self.refused(exchange(with_headers={"authorization": "Basic eDp5"}), 401)

    def test_anonymous_off(self) -> None:
        """With anonymous = none a caller without a key gets 401 at once."""
        self.stage = evolve(self.stage, anonymous=False)
        error = self.refused(exchange(), 401)
        self.assertTrue(
            str(error["message"]).startswith("Instantly API key required: ")
        )
        self.acts_as(keyed(ALICE), ALICE)

    def test_formats(self) -> None:
        """The 401 names the ways that are open here."""
        formats = ("x-api-key: YOUR_KEY",)
        self.stage = evolve(self.stage, anonymous=False, key_formats=formats)
        data = self.refused(exchange(), 401)["data"]
        assert isinstance(data, dict)
        self.assertEqual(data["supportedFormats"], list(formats))

    def test_anonymous_off_on_messages(self) -> None:
        """On /messages a missing key has always been 400 and -32000."""
        self.stage = evolve(self.stage, anonymous=False)
        self.assertEqual(self.refused(message(UUID), 400)["code"], -32000)

    def test_places_on_messages(self) -> None:
        """The 400 on /messages names those places only that are looked into."""
        for query, session_id, said in (
            (True, True, "(sessionId or apiKey query parameter)"),
            (True, False, "(apiKey query parameter)"),
            (False, True, "(sessionId query parameter)"),
            (False, False, "(Authorization header)"),
        ):
            sources = CredentialSources(query=query, session_id=session_id)
            self.stage = evolve(self.stage, anonymous=False, sources=sources)
            error = self.refused(message(UUID), 400)
            begun = f"Bad Request: API key required {said}: "
            self.assertTrue(str(error["message"]).startswith(begun), error)

    def test_workspace(self) -> None:
        """x-as-workspace is part of who the caller is."""
        headers = {"x-api-key": ALICE, "x-as-workspace": " ws-1 "}
        out = self.acts_as(exchange(with_headers=headers), ALICE)
        assert out.credential is not None
        self.assertEqual(out.credential.workspace, "ws-1")
        self.assertNotEqual(out.principal, credential(ALICE).principal)

    def test_bad_workspace(self) -> None:
        """A workspace must be up to 64 characters of visible ASCII, else 400."""
        for value in ("w" * 65, "a b", "a\x00b", "é", ["one", "two"]):
            one = exchange(with_headers={"x-api-key": ALICE, "x-as-workspace": value})
            self.refused(one, 400)
        out = self.passed(
            exchange(with_headers={"x-api-key": ALICE, "x-as-workspace": ""})
        )
        assert out.credential is not None
        self.assertIsNone(out.credential.workspace)

    def test_operator(self) -> None:
        """Where the operator's key serves the loopback, callers need no key."""
        self.guarded(operator=True)
        self.acts_as(exchange(), OPERATOR)
        self.acts_as(keyed(ALICE), ALICE)

    def test_no_open_relay(self) -> None:
        """If there is a server secret, no key and a wrong key are both 401."""
        self.guarded(operator=True, secret=True)
        for one in (exchange(), keyed(ALICE), message(UUID), message(ALICE)):
            error = self.refused(one, 401)
            self.assertEqual(error["code"], -32001)
        self.acts_as(keyed(SERVER), OPERATOR)


class SecrecyTests(AuthenticationTestCase):
    """Nothing that is presented is shown."""

    def test_canary(self) -> None:
        """No key is in the exchange's repr, in a log, or in an answer."""
        canary = "canary-key-7f3a9c"
        places = (
            keyed(canary),
            exchange(path_key=canary),
            exchange(query={"apiKey": [canary]}),
            exchange(with_headers={"x-api-key": canary}),
            message(canary),
            keyed(canary, path_key=BOB),
            exchange(with_headers={"authorization": f"Basic {canary}"}),
            exchange(path_key=f"{canary} x"),
        )
        with capturedLogs() as events:
            for one in places:
                outcome = self.successResultOf(self.stage.process(one))
                self.assertNotIn(canary, repr(one))
                self.assertNotIn(canary, repr(outcome))
                if isinstance(outcome, Answer):
                    self.assertNotIn(canary.encode(), outcome.body)
                    self.assertNotIn(canary, repr(outcome.headers))
        self.assertNotIn(canary, repr(events))

    def test_session_id_is_secret_too(self) -> None:
        """A session id is not in the exchange's repr either."""
        session = self.streaming(credential(ALICE))
        self.assertNotIn(session.id, repr(self.passed(message(session.id))))
