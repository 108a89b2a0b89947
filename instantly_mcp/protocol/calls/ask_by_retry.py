"""Asks by retry (modern era): an ``input_required`` result, then a retry with answers.

The server stores nothing between the rounds. The tool runs again from its start, and
the answers of earlier rounds are in ``requestState``: a sealed token, which is bound to
the principal, its rights, the method and the parameters that matter, and which expires.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256

import orjson
from attrs import define, field, frozen
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from ..._json_codec import Json, JsonObject, dumps, loads, nested_too_deeply
from ..._rights import ALL_RIGHTS, Rights
from ..interfaces import ITokenSealer
from ..wire.errors import ProtocolError, invalid_params, missing_capability
from .client_requests import Answers, IAsker, Question, missing_capabilities

STATE_VALID_SECONDS = 600.0
"""How long a ``requestState`` is valid."""

STATE_PURPOSE = "request-state"

MAX_STATE_BYTES = 1 << 19
"""Maximum size of a state in bytes, so that each sealed state can be unsealed."""

_SALIENT = ("name", "arguments", "uri")
"""The parameters that a retry must repeat unchanged."""


class InputRequired(Exception):
    """A feature asked questions that are not answered yet."""

    def __init__(self, questions: Mapping[str, Question], state: str) -> None:
        super().__init__("input required")
        self.questions = questions
        self.state = state

    def as_result(self) -> JsonObject:
        """Return the ``InputRequiredResult``, without the envelope."""
        requests = {
            key: {"method": question.method, "params": question.params()}
            for key, question in self.questions.items()
        }
        return {
            "resultType": "input_required",
            "inputRequests": requests,
            "requestState": self.state,
        }


@frozen(kw_only=True)
class StateBinding:
    """The request that a state belongs to; other requests cannot use it.

    :param rights: those of the caller. A state that was made under other rights is not
        accepted, be they wider or narrower.
    """

    principal: str
    rights: Rights = ALL_RIGHTS
    method: str
    params: JsonObject

    def digest(self) -> str:
        """Return a digest that is equal for equal requests.

        Absent arguments and empty arguments are equal.
        """
        salient = [self.params.get(name) or None for name in _SALIENT]
        rights = self.rights
        limits = [rights.level.value, rights.toolsets, rights.token]
        bound = [self.principal, self.method, salient, limits]
        text = orjson.dumps(bound, option=orjson.OPT_SORT_KEYS)
        return sha256(text).hexdigest()


@define(eq=False)
class StateSealer:
    """Seals and unseals ``requestState``.

    :param wall_clock: seconds since the epoch, because expiry must survive a restart.
    """

    seal: ITokenSealer
    wall_clock: Callable[[], float]

    def seal_answers(
        self, binding: StateBinding, answers: Answers, asked: Mapping[str, Question]
    ) -> str:
        """Seal the answers so far and the keys of the open questions.

        :raises ProtocolError: -32602 if the state is longer than `MAX_STATE_BYTES`.
        """
        content = {
            "for": binding.digest(),
            "until": self.wall_clock() + STATE_VALID_SECONDS,
            "answers": dict(answers),
            "asked": sorted(asked),
        }
        payload = dumps(content)
        if len(payload) > MAX_STATE_BYTES:
            raise invalid_params("inputResponses are too long")
        return self.seal.seal(STATE_PURPOSE, payload)

    def unseal_answers(
        self, binding: StateBinding, state: Json
    ) -> tuple[dict[str, Json], set[str]]:
        """Return the earlier answers and the keys of the questions asked last.

        :raises ProtocolError: -32602 if the state was not sealed by this server, is for
            another request, or has expired.
        """
        payload = None
        if isinstance(state, str):
            payload = self.seal.unseal(STATE_PURPOSE, state)
        if payload is None:
            raise _bad_state()
        content = loads(payload)
        if content["for"] != binding.digest() or content["until"] < self.wall_clock():
            raise _bad_state()
        return content["answers"], set(content["asked"])


def _bad_state() -> ProtocolError:
    return invalid_params("requestState is not valid for this request, or is too old")


@implementer(IAsker)
@define(eq=False)
class RetryAsker:
    """Takes answers from the request, or ends the round with the open questions."""

    sealer: StateSealer
    binding: StateBinding
    capabilities: JsonObject
    _answers: dict[str, Json] = field(factory=dict, init=False)
    _fresh: set[str] = field(factory=set, init=False)
    _not_asked: set[str] = field(factory=set, init=False)
    _used: set[str] = field(factory=set, init=False)

    def load(self) -> None:
        """Read ``requestState``, then ``inputResponses``.

        With a state, only answers to the questions that it names count. Without one all
        of them count, but for `Question.only_asked`: a client may send answers to
        questions that it expects. Answers to questions that the feature never asks are
        ignored.

        :raises ProtocolError: -32602 for an invalid state or malformed responses.
        """
        params = self.binding.params
        asked: set[str] | None = None
        if "requestState" in params:
            known, asked = self.sealer.unseal_answers(
                self.binding, params["requestState"]
            )
            self._answers.update(known)
        if "inputResponses" not in params:
            return
        responses = params["inputResponses"]
        if not isinstance(responses, dict):
            raise invalid_params("inputResponses must be an object")
        if nested_too_deeply(responses):
            raise invalid_params("inputResponses are nested too deeply")
        for key in responses:
            if asked is None or key in asked:
                self._answers[key] = responses[key]
                self._fresh.add(key)
                if asked is None:
                    self._not_asked.add(key)

    def ask(self, questions: Mapping[str, Question]) -> Deferred[Answers]:
        missing = missing_capabilities(self.capabilities, questions)
        if missing:
            return fail(missing_capability(missing))
        self._used.update(questions)
        self._drop_not_asked(questions)
        for key in self._fresh & questions.keys():
            problem = questions[key].problem(self._answers[key])
            if problem is not None:
                why = f"inputResponses.{key[:60]} is not valid: {problem}"
                return fail(invalid_params(why))
        open_questions = {
            key: question
            for key, question in questions.items()
            if key not in self._answers
        }
        if open_questions:
            # Keep only answers to questions that were asked; a client may send more.
            known = {
                key: self._answers[key] for key in self._used & self._answers.keys()
            }
            try:
                state = self.sealer.seal_answers(self.binding, known, open_questions)
            except ProtocolError as error:
                return fail(error)
            return fail(InputRequired(open_questions, state))
        return succeed({key: self._answers[key] for key in questions})

    def _drop_not_asked(self, questions: Mapping[str, Question]) -> None:
        """Forget answers that came before a question that had to be asked first."""
        for key in self._not_asked & questions.keys():
            if questions[key].only_asked:
                self._not_asked.remove(key)
                self._fresh.discard(key)
                del self._answers[key]
