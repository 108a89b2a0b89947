"""A client that can ask its user: what a yes, a no and silence lead to, in each era."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from tests.support.messages import call

from .answering import ACCEPT, ASKABLE, ASKED, CANCEL, DECLINE
from .attempts import ATTEMPTS
from .memory_daemon import MemoryDaemon
from .ways import KEY, WAYS, Caller, error_of, outcome, send_modern

BLOCKED_SECONDS = 300
(REPLY,) = (each for each in ATTEMPTS if each.name == "a reply")
UNCHECKED: JsonObject = {"action": "accept", "content": {"confirm": False}}
EMPTY: JsonObject = {"action": "accept", "content": {}}


class AskingTests(SynchronousTestCase):
    """Under the default policy, a reply asks."""

    def setUp(self) -> None:
        """Start a daemon."""
        self.start()

    def start(self, **settings: str) -> None:
        """Start a daemon with these settings."""
        self.daemon = MemoryDaemon(**settings)
        self.caller = Caller(daemon=self.daemon)
        self.daemon.world(KEY)

    def arguments(self) -> JsonObject:
        """Return a reply that no earlier call had."""
        return REPLY.made(self.daemon.world(KEY))

    def test_yes(self) -> None:
        """It is sent once."""
        for name, ask in ASKED.items():
            result = ask(self.caller, REPLY.tool, self.arguments(), ACCEPT)
            self.assertEqual(error_of(result), {}, name)
            self.assertEqual(self.daemon.writes(KEY), [REPLY.operation], name)

    def test_no(self) -> None:
        """Nothing is sent, and the same call is refused by every way for a while."""
        for name, ask in ASKED.items():
            for answer in (DECLINE, CANCEL, UNCHECKED):
                arguments = self.arguments()
                result = ask(self.caller, REPLY.tool, arguments, answer)
                self.assertEqual(error_of(result)["code"], "not_allowed", name)
                for way in WAYS:
                    again = WAYS[way](self.caller, REPLY.tool, arguments)
                    self.assertEqual(error_of(again)["code"], "not_allowed", way)
                self.assertEqual(self.daemon.writes(KEY), [], name)

    def test_no_ends(self) -> None:
        """After five minutes the same call asks again."""
        arguments = self.arguments()
        ASKED["rounds"](self.caller, REPLY.tool, arguments, DECLINE)
        self.daemon.reactor.advance(BLOCKED_SECONDS + 1)
        ASKED["rounds"](self.caller, REPLY.tool, arguments, ACCEPT)
        self.assertEqual(self.daemon.writes(KEY), [REPLY.operation])

    def test_incomplete_answer(self) -> None:
        """An answer that does not say yes sends nothing."""
        for name, ask in ASKED.items():
            if name == "rounds":
                arguments = self.arguments()
                able = self.caller.with_(capabilities=ASKABLE)
                message = call(REPLY.tool, arguments)
                first = outcome(send_modern(able, message))
                keys = first["inputRequests"]
                more = {
                    "requestState": first["requestState"],
                    "inputResponses": dict.fromkeys(keys, EMPTY),
                }
                params = {**message["params"], **more}
                send_modern(able, {**message, "params": params})
            else:
                ask(self.caller, REPLY.tool, self.arguments(), DECLINE)
            self.assertEqual(self.daemon.writes(KEY), [], name)

    def test_silence(self) -> None:
        """A client that never shows the question does not hang, and nothing is sent."""
        for fallback, code in (
            ("token", "confirmation_required"),
            ("refuse", "not_allowed"),
        ):
            self.start(confirm_fallback=fallback)
            before = self.daemon.reactor.seconds()
            result = ASKED["session"](self.caller, REPLY.tool, self.arguments(), None)
            self.assertEqual(error_of(result)["code"], code)
            self.assertLess(self.daemon.reactor.seconds() - before, 60)
            self.assertEqual(self.daemon.writes(KEY), [])

    def test_stale_answer(self) -> None:
        """The answer to one question is used once, and for that call only."""
        able = self.caller.with_(capabilities=ASKABLE)
        arguments, other = self.arguments(), self.arguments()
        message = call(REPLY.tool, arguments)
        first = outcome(send_modern(able, message))
        more = {
            "requestState": first["requestState"],
            "inputResponses": dict.fromkeys(first["inputRequests"], ACCEPT),
        }
        changed = call(REPLY.tool, other)
        stolen = self.caller.with_(capabilities=ASKABLE, key="sandbox-other")
        self.daemon.world("sandbox-other")
        send_modern(able, {**changed, "params": {**changed["params"], **more}})
        send_modern(stolen, {**message, "params": {**message["params"], **more}})
        self.assertEqual(self.daemon.writes(KEY), [])
        self.assertEqual(self.daemon.writes("sandbox-other"), [])
        for _ in range(3):
            send_modern(able, {**message, "params": {**message["params"], **more}})
        self.assertEqual(self.daemon.writes(KEY), [REPLY.operation])

    def test_other_object(self) -> None:
        """A token confirms what was shown: after an edit it is not enough."""
        (start,) = (each for each in ATTEMPTS if each.name == "a start")
        for way in WAYS.values():
            arguments = start.made(self.daemon.world(KEY))
            refused = way(self.caller, start.tool, arguments)
            token = error_of(refused)["confirm_token"]
            campaigns = self.daemon.world(KEY).campaigns
            step = campaigns[arguments["campaign_id"]].shown["sequences"][0]["steps"][0]
            step["variants"][0]["subject"] += "!"
            way(self.caller, start.tool, {**arguments, "confirm_token": token})
            self.assertEqual(self.daemon.writes(KEY), [])

    def test_token_in_place_of_the_question(self) -> None:
        """Where the user can be asked, a token from elsewhere is not enough."""
        arguments = self.arguments()
        refused = WAYS["modern"](self.caller, REPLY.tool, arguments)
        token = error_of(refused)["confirm_token"]
        given = {**arguments, "confirm_token": token}
        ASKED["rounds"](self.caller, REPLY.tool, given, None)
        ASKED["session"](self.caller, REPLY.tool, given, None)
        self.assertEqual(self.daemon.writes(KEY), [])
