"""Asking by retry: the sealed state, and the asker that reads answers from it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import ClassVar

from attrs import evolve
from cryptography.fernet import Fernet
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.protocol.calls.ask_by_retry import (
    MAX_STATE_BYTES,
    STATE_PURPOSE,
    STATE_VALID_SECONDS,
    InputRequired,
    RetryAsker,
    StateBinding,
    StateSealer,
)
from instantly_mcp.protocol.calls.client_requests import IAsker, Question
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.state.sealed_tokens import TokenSealer
from tests.support.wire import check_result

from .test_client_requests import CAPITAL, NAME, ROOTS, SAMPLED

CAPABLE: JsonObject = {"elicitation": {}, "sampling": {}, "roots": {}}
ADA: JsonObject = {"action": "accept", "content": {"name": "Ada"}}
NO_ROOTS: JsonObject = {"roots": []}
TWO: Mapping[str, Question] = {"name": NAME, "roots": ROOTS}

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner),
    max_leaves=6,
)
arguments = st.dictionaries(words, values, max_size=3)
bindings = st.builds(
    lambda principal, method, name, given: StateBinding(
        principal=principal, method=method, params={"name": name, "arguments": given}
    ),
    words,
    st.sampled_from(["tools/call", "prompts/get"]),
    words,
    arguments,
)
KEY = Fernet.generate_key()


def binding(**params: Json) -> StateBinding:
    """Return the binding of one call by Ada."""
    return StateBinding(
        principal="ada", method="tools/call", params={"name": "greet", **params}
    )


class SealerTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Seal with a real key, at noon."""
        self.now = 1_790_000_000.0
        self.sealer = StateSealer(
            TokenSealer([KEY], lambda: self.now), lambda: self.now
        )

    def refused(self, bound: StateBinding, state: Json) -> None:
        """Assert that the state is refused for this request."""
        with self.assertRaises(ProtocolError) as caught:
            self.sealer.unseal_answers(bound, state)
        self.assertEqual(caught.exception.code, -32602)

    @settings(deadline=None)
    @given(bindings, st.dictionaries(words, st.just(ADA), max_size=3))
    def test_round_trip(
        self, bound: StateBinding, answers: Mapping[str, JsonObject]
    ) -> None:
        """For the same request the state has the answers and the open keys."""
        state = self.sealer.seal_answers(bound, answers, TWO)
        again = StateBinding(
            principal=bound.principal,
            method=bound.method,
            params={
                **bound.params,
                "requestState": state,
                "inputResponses": {"name": ADA},
                "_meta": {"x": 1},
            },
        )
        self.assertEqual(
            self.sealer.unseal_answers(again, state), (dict(answers), {"name", "roots"})
        )

    @settings(deadline=None)
    @given(bindings, bindings)
    def test_bound(self, bound: StateBinding, other: StateBinding) -> None:
        """Another principal, method, name or argument: it does not open."""
        assume(
            (bound.principal, bound.method, bound.params)
            != (other.principal, other.method, other.params)
        )
        self.refused(other, self.sealer.seal_answers(bound, {}, TWO))

    @settings(deadline=None)
    @given(bindings, words, values)
    def test_bound_to_each_part(
        self, bound: StateBinding, word: str, value: Json
    ) -> None:
        """One different or additional argument is enough for a refusal."""
        state = self.sealer.seal_answers(bound, {}, TWO)
        given = bound.params["arguments"]
        other = {"tools/call": "prompts/get", "prompts/get": "tools/call"}
        changed = [
            evolve(bound, principal=bound.principal + "x"),
            evolve(bound, method=other[bound.method]),
            evolve(bound, params={**bound.params, "name": bound.params["name"] + "x"}),
            evolve(bound, params={**bound.params, "uri": "u"}),
        ]
        if word not in given:
            more = {**bound.params, "arguments": {**given, word: value}}
            changed.append(evolve(bound, params=more))
        for each in changed:
            self.refused(each, state)

    def test_bound_to_the_rights(self) -> None:
        """With other rights, wider or narrower, or another token it does not open."""
        every = [
            evolve(binding(), rights=rights)
            for rights in (
                ALL_RIGHTS,
                Rights(level=Level.DRAFT),
                Rights(toolsets=("leads",)),
                Rights(toolsets=()),
                Rights(token="t1"),
                Rights(token="t2", level=Level.DRAFT),
            )
        ]
        for one, other in product(every, every):
            state = self.sealer.seal_answers(one, {}, TWO)
            if one is other:
                self.sealer.unseal_answers(other, state)
            else:
                self.refused(other, state)

    @settings(deadline=None)
    @given(st.floats(0, STATE_VALID_SECONDS), st.floats(0.001, 1e9))
    def test_expires(self, early: float, late: float) -> None:
        """A state is valid until it expires."""
        start = self.now
        state = self.sealer.seal_answers(binding(), {}, TWO)
        self.now = start + early
        self.sealer.unseal_answers(binding(), state)
        self.now = start + STATE_VALID_SECONDS + late
        self.refused(binding(), state)
        self.now = start

    @settings(deadline=None)
    @given(st.data())
    def test_edited(self, data: st.DataObject) -> None:
        """A state that was changed, shortened or extended is refused."""
        state = self.sealer.seal_answers(binding(), {"name": ADA}, TWO)
        place = data.draw(st.integers(0, len(state)))
        length = data.draw(st.integers(0, 3))
        put = data.draw(st.text("Aa0-_.=?", max_size=3))
        edited = state[:place] + put + state[place + length :]
        assume(edited != state)
        self.refused(binding(), edited)

    def test_not_ours(self) -> None:
        """Other types, other purposes and other keys: it does not open."""
        cursor = TokenSealer([KEY], lambda: self.now).seal("cursor", b"{}")
        foreign = TokenSealer([Fernet.generate_key()], lambda: self.now).seal(
            STATE_PURPOSE, b"{}"
        )
        states: list[Json] = [None, 7, [], {}, "", "x", cursor, foreign]
        for state in states:
            with self.subTest(state=state):
                self.refused(binding(), state)

    def test_no_arguments(self) -> None:
        """Absent, null and empty arguments are one and the same request."""
        for first in (binding(), binding(arguments=None), binding(arguments={})):
            state = self.sealer.seal_answers(first, {}, TWO)
            for again in (binding(), binding(arguments=None), binding(arguments={})):
                self.sealer.unseal_answers(again, state)

    def test_only_what_is_read(self) -> None:
        """Parameters that no method reads are not part of the binding."""
        deep: Json = []
        for _ in range(500):
            deep = [deep]
        state = self.sealer.seal_answers(binding(vendor=deep), {}, TWO)
        self.sealer.unseal_answers(binding(), state)

    def test_too_long(self) -> None:
        """Answers that are too long for a state are refused."""
        long: JsonObject = {
            "action": "accept",
            "content": {"name": "x" * MAX_STATE_BYTES},
        }
        with self.assertRaises(ProtocolError) as caught:
            self.sealer.seal_answers(binding(), {"name": long}, TWO)
        self.assertEqual(caught.exception.code, -32602)
        fits: JsonObject = {
            "action": "accept",
            "content": {"name": "x" * (MAX_STATE_BYTES - 500)},
        }
        state = self.sealer.seal_answers(binding(), {"name": fits}, TWO)
        self.assertEqual(
            self.sealer.unseal_answers(binding(), state)[0], {"name": fits}
        )


class ReplayTests(SynchronousTestCase):
    sealer: ClassVar[StateSealer] = StateSealer(
        TokenSealer([KEY], lambda: 0.0), lambda: 0.0
    )

    def asker(self, capabilities: JsonObject = CAPABLE, **params: Json) -> RetryAsker:
        """Return the asker of one request, loaded."""
        asker = RetryAsker(self.sealer, binding(**params), capabilities)
        asker.load()
        return asker

    def interim(
        self, asker: RetryAsker, questions: Mapping[str, Question]
    ) -> JsonObject:
        """Ask questions that are not answered yet; return the interim result."""
        failure = self.failureResultOf(asker.ask(questions), InputRequired)
        result: JsonObject = failure.value.as_result()
        check_result("2026-07-28", "tools/call", {**result, "_meta": {}})
        return result

    def code(self, asker: RetryAsker, questions: Mapping[str, Question]) -> int:
        """Return the code with which asking is refused."""
        failure = self.failureResultOf(asker.ask(questions), ProtocolError)
        code: int = failure.value.code
        return code

    def test_provides(self) -> None:
        """It provides IAsker."""
        self.assertTrue(verifyObject(IAsker, self.asker()))

    def test_first_round(self) -> None:
        """Open questions end the round with an input-required result and a state."""
        interim = self.interim(self.asker(), TWO)
        self.assertEqual(interim["resultType"], "input_required")
        self.assertEqual(
            {key: each["method"] for key, each in interim["inputRequests"].items()},
            {"name": "elicitation/create", "roots": "roots/list"},
        )

    def test_answered(self) -> None:
        """The retry gets the answers, and only those that were asked for."""
        state = self.interim(self.asker(), TWO)["requestState"]
        asker = self.asker(
            requestState=state,
            inputResponses={"name": ADA, "roots": NO_ROOTS, "more": 1},
        )
        answers = self.successResultOf(asker.ask(TWO))
        self.assertEqual(answers, {"name": ADA, "roots": NO_ROOTS})

    def test_only_asked(self) -> None:
        """A question can demand that it is asked before it is answered."""
        strict: Mapping[str, Question] = {"name": evolve(NAME, only_asked=True)}
        early = self.asker(inputResponses={"name": ADA})
        state = self.interim(early, strict)["requestState"]
        unasked = self.asker(requestState=state)
        self.assertEqual(set(self.interim(unasked, strict)["inputRequests"]), {"name"})
        asked = self.asker(requestState=state, inputResponses={"name": ADA})
        self.assertEqual(self.successResultOf(asked.ask(strict)), {"name": ADA})

    def test_partly_answered(self) -> None:
        """Missing answers are asked for again; the others are in the state."""
        state = self.interim(self.asker(), TWO)["requestState"]
        second = self.asker(requestState=state, inputResponses={"name": ADA})
        interim = self.interim(second, TWO)
        self.assertEqual(set(interim["inputRequests"]), {"roots"})
        third = self.asker(
            requestState=interim["requestState"], inputResponses={"roots": NO_ROOTS}
        )
        answers = self.successResultOf(third.ask(TWO))
        self.assertEqual(answers, {"name": ADA, "roots": NO_ROOTS})

    def test_rounds(self) -> None:
        """A tool that asks one thing after another sees every earlier answer."""
        questions: list[tuple[str, Question, JsonObject]] = [
            ("name", NAME, ADA),
            ("capital", CAPITAL, SAMPLED),
            ("roots", ROOTS, NO_ROOTS),
        ]
        given: dict[str, Json] = {}
        states = []
        for number in range(len(questions)):
            asker = self.asker(**given)
            for key, question, answer in questions[:number]:
                got = self.successResultOf(asker.ask({key: question}))
                self.assertEqual(got, {key: answer})
            key, question, answer = questions[number]
            states.append(self.interim(asker, {key: question})["requestState"])
            given = {"requestState": states[-1], "inputResponses": {key: answer}}
        asker = self.asker(**given)
        for key, question, answer in questions:
            self.assertEqual(
                self.successResultOf(asker.ask({key: question}))[key], answer
            )
        self.assertEqual(len(set(states)), 3)

    def test_answers_in_advance(self) -> None:
        """Without a state a client may answer questions that it expects."""
        asker = self.asker(inputResponses={"name": ADA})
        self.assertEqual(self.successResultOf(asker.ask({"name": NAME})), {"name": ADA})

    def test_unasked_answers_go_no_further(self) -> None:
        """Answers that the tool never asked for are not kept in the state."""
        padding = {"x": "x" * MAX_STATE_BYTES}
        asker = self.asker(inputResponses={"name": ADA, "junk": padding})
        state = self.interim(asker, TWO)["requestState"]
        self.assertLess(len(state), 2000)
        later = self.asker(requestState=state, inputResponses={"roots": NO_ROOTS})
        self.assertEqual(
            set(self.interim(later, {"junk": NAME})["inputRequests"]), {"junk"}
        )

    def test_an_answer_stands(self) -> None:
        """A later round cannot change an answer of an earlier one."""
        state = self.interim(self.asker(inputResponses={"name": ADA}), TWO)
        bob: JsonObject = {"action": "accept", "content": {"name": "Bob"}}
        asker = self.asker(
            requestState=state["requestState"],
            inputResponses={"name": bob, "roots": NO_ROOTS},
        )
        self.assertEqual(self.successResultOf(asker.ask(TWO))["name"], ADA)

    def test_declined(self) -> None:
        """A declined form is an answer, and the tool gets it."""
        declined = {"name": {"action": "decline"}}
        asker = self.asker(inputResponses=declined)
        self.assertEqual(self.successResultOf(asker.ask({"name": NAME})), declined)

    def test_not_valid(self) -> None:
        """An answer that does not match its question is refused: -32602."""
        for answer in (None, 12345, {}, {"action": "accept", "content": {"name": 7}}):
            with self.subTest(answer=answer):
                asker = self.asker(inputResponses={"name": answer})
                self.assertEqual(self.code(asker, TWO), -32602)

    def test_malformed(self) -> None:
        """Malformed responses and a state of another type are refused."""
        deep: Json = {}
        for _ in range(300):
            deep = {"x": deep}
        broken: list[Json] = [None, [], "x", {"name": deep}]
        for responses in broken:
            with self.assertRaises(ProtocolError) as caught:
                self.asker(inputResponses=responses)
            self.assertEqual(caught.exception.code, -32602)
        with self.assertRaises(ProtocolError):
            self.asker(requestState="x", inputResponses={})

    def test_too_long(self) -> None:
        """Answers that are too long for the next state are refused: -32602."""
        long: JsonObject = {
            "action": "accept",
            "content": {"name": "x" * MAX_STATE_BYTES},
        }
        asker = self.asker(inputResponses={"name": long})
        self.assertEqual(self.code(asker, TWO), -32602)
        last = self.asker(inputResponses={"name": long})
        answers = self.successResultOf(last.ask({"name": NAME}))
        self.assertEqual(answers, {"name": long})

    def test_not_declared(self) -> None:
        """A question whose capability the request does not declare is -32021."""
        asker = self.asker({"roots": {}})
        failure = self.failureResultOf(asker.ask(TWO), ProtocolError)
        self.assertEqual(failure.value.code, -32021)
        self.assertEqual(
            failure.value.data, {"requiredCapabilities": {"elicitation": {}}}
        )

    def test_nothing_to_ask(self) -> None:
        """No questions are answered at once."""
        self.assertEqual(self.successResultOf(self.asker().ask({})), {})
