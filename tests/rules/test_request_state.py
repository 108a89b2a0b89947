"""``requestState``: what it is bound to, and when it is refused."""

from __future__ import annotations

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.calls.ask_by_retry import STATE_VALID_SECONDS
from tests.support.clients import ModernClient
from tests.support.messages import call, modern, request
from tests.support.received import Received
from tests.support.servers import BOB

from .everything import ASKABLE
from .test_rounds import NAMED, PREFIX, RoundsTestCase, accepted


class StateTests(RoundsTestCase):
    def state(self) -> str:
        """Return the state of a round that asks for a name."""
        state: str = self.first("elicitation").result["requestState"]
        return state

    def refused(self, received: Received) -> None:
        """The state is -32602, whatever answers came with it."""
        self.assertRefused(received, 200, -32602)

    def test_tampered(self) -> None:
        """A state that was changed, or not sealed by this server, is refused."""
        state = self.state()
        middle = len(state) // 2
        other = "A" if state[middle] != "A" else "B"
        for bad in (
            state + "-TAMPERED",
            state + "A",
            state[:-1],
            state[:middle] + other + state[middle + 1 :],
            "",
            "x",
            None,
            7,
            {"state": state},
        ):
            with self.subTest(bad=bad):
                self.refused(self.retry("elicitation", bad, {"user_name": NAMED}))

    def test_other_seals(self) -> None:
        """A sealed token of another purpose is refused as a state."""
        cursor = self.rig.seal.seal("cursor", b'["tools",2]')
        for token in (cursor, self.client().session):
            self.refused(self.retry("elicitation", token, {"user_name": NAMED}))

    def test_bound_to_the_principal(self) -> None:
        """A state is refused with another key and without a key."""
        message = call(PREFIX + "elicitation", {})
        params = {
            **message["params"],
            "requestState": self.state(),
            "inputResponses": {"user_name": NAMED},
        }
        stolen = {**message, "params": params}
        bob = ModernClient(self.rig, key=BOB)
        self.refused(bob.ask(stolen, clientCapabilities=ASKABLE))
        anonymous = modern(stolen, clientCapabilities=ASKABLE)
        self.refused(self.rig.send_modern(anonymous, key=None))
        self.assertEqual(self.text_of(self.ask(stolen)), "Hello, Ada!")

    def test_bound_to_the_request(self) -> None:
        """A state opens for the same tool with the same arguments only."""
        state, answer = self.state(), {"user_name": NAMED}
        self.refused(self.retry("request_state", state, answer))
        self.refused(self.retry("elicitation", state, answer, {"more": 1}))
        prompt = {
            "name": PREFIX + "prompt",
            "requestState": state,
            "inputResponses": answer,
        }
        self.refused(self.ask(request("prompts/get", prompt)))

    def test_bound_to_the_method(self) -> None:
        """A state is refused for another method with equal parameters."""
        params: Json = {"name": "asking"}
        states = {
            method: self.ask(request(method, params)).result["requestState"]
            for method in ("tools/call", "prompts/get")
        }
        for method, other in (states, reversed(states)):
            retried = {**params, "requestState": states[other]}
            self.refused(self.ask(request(method, retried)))
            retried["requestState"] = states[method]
            again = self.ask(request(method, retried)).result
            self.assertEqual(again["resultType"], "input_required")

    def test_expires(self) -> None:
        """A state is valid until it expires, and not a second longer."""
        state, answer = self.state(), {"user_name": NAMED}
        self.clock.advance(STATE_VALID_SECONDS)
        in_time = self.retry("elicitation", state, answer)
        self.assertEqual(self.text_of(in_time), "Hello, Ada!")
        self.clock.advance(1)
        self.refused(self.retry("elicitation", state, answer))

    def test_outlives_a_restart(self) -> None:
        """Another process with the same sealing keys accepts the state."""
        state = self.state()
        self.rig = self.make_rig(seal=self.rig.seal)
        final = self.retry("elicitation", state, {"user_name": NAMED})
        self.assertEqual(self.text_of(final), "Hello, Ada!")

    def test_other_keys(self) -> None:
        """A daemon with other sealing keys refuses the state."""
        state = self.state()
        self.rig = self.make_rig()
        self.refused(self.retry("elicitation", state, {"user_name": NAMED}))

    def test_verified_before_the_tool_runs(self) -> None:
        """A bad state is refused by a tool that never asks, and it does not run."""
        message = call("hello", {})
        bad = {**message["params"], "requestState": "not ours"}
        self.refused(self.ask({**message, "params": bad}))
        self.assertEqual(self.rig.small.ran, [])

    def test_other_order_of_members(self) -> None:
        """Equal arguments in another order are the same request."""
        arguments: Json = {"a": 1, "b": [1, {"c": 2, "d": 3}]}
        backwards: Json = {"b": [1, {"d": 3, "c": 2}], "a": 1}
        interim = self.ask(call(PREFIX + "elicitation", arguments)).result
        final = self.retry(
            "elicitation", interim["requestState"], {"user_name": NAMED}, backwards
        )
        self.assertEqual(self.text_of(final), "Hello, Ada!")

    def test_says_nothing(self) -> None:
        """The answers in a state cannot be read from it."""
        one = self.first("multi_round").result
        answer = {"step1": accepted(name="canary-7")}
        two = self.retry("multi_round", one["requestState"], answer).result
        self.assertNotIn("canary-7", repr(two))
