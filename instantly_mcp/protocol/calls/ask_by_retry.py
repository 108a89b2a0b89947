"""Questions in the modern era: an input-required result, and the retry that answers.

Nothing of the first round is kept here. The tool runs again from its start, and every
answer that it got in earlier rounds comes from ``requestState``, which is sealed and
bound to the principal, the method, the salient parameters and an expiry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256

import orjson
from attrs import define, field, frozen
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from ..._json import Json, JsonObject, dumps, loads
from ..interfaces import ISeal
from ..wire.errors import ProtocolError, invalid_params, missing_capability
from ..wire.validation import too_deep
from .client_requests import Answers, Ask, IAsker, missing_from

STATE_SECONDS = 600.0
"""How long a client may take over one round."""

PURPOSE = "request-state"

MAX_STATE = 1 << 19
"""Bytes of earlier answers that one state may hold: what is sealed has to be opened."""

_SALIENT = ("name", "arguments", "uri")
"""What the methods that may ask read of their parameters."""


class InputRequired(Exception):
    """The tool asked something that is not answered yet."""

    def __init__(self, asks: Mapping[str, Ask], state: str) -> None:
        super().__init__("input required")
        self.asks = asks
        self.state = state

    def as_result(self) -> JsonObject:
        """Return the interim result, without the envelope."""
        requests = {
            key: {"method": ask.method, "params": ask.params()}
            for key, ask in self.asks.items()
        }
        return {
            "resultType": "input_required",
            "inputRequests": requests,
            "requestState": self.state,
        }


@frozen(kw_only=True)
class Binding:
    """What a state belongs to; it opens for nothing else."""

    principal: str
    method: str
    params: JsonObject

    def digest(self) -> str:
        """Return a digest of all of it, equal for equal requests.

        Absent arguments and empty ones are the same request.
        """
        salient = [self.params.get(name) or None for name in _SALIENT]
        text = orjson.dumps(
            [self.principal, self.method, salient], option=orjson.OPT_SORT_KEYS
        )
        return sha256(text).hexdigest()


@define(eq=False)
class StateSealer:
    """Makes and opens ``requestState``.

    :param wall_clock: seconds since the epoch; expiry must survive a restart.
    """

    seal: ISeal
    wall_clock: Callable[[], float]

    def close(
        self, binding: Binding, answers: Answers, asked: Mapping[str, Ask]
    ) -> str:
        """Seal the answers so far and the keys that are asked now.

        :raises ProtocolError: -32602 when the answers are longer than a state may be.
        """
        content = {
            "for": binding.digest(),
            "until": self.wall_clock() + STATE_SECONDS,
            "answers": dict(answers),
            "asked": sorted(asked),
        }
        payload = dumps(content)
        if len(payload) > MAX_STATE:
            raise invalid_params("inputResponses are too long")
        return self.seal.seal(PURPOSE, payload)

    def open(self, binding: Binding, state: Json) -> tuple[dict[str, Json], set[str]]:
        """Return the earlier answers and the keys that were asked.

        :raises ProtocolError: -32602 for a state that is not ours, not for this
            request, or too old.
        """
        payload = None
        if isinstance(state, str):
            payload = self.seal.unseal(PURPOSE, state)
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
class ReplayAsker:
    """Answers from the request's own state, or ends the round with the question."""

    sealer: StateSealer
    binding: Binding
    capabilities: JsonObject
    _answers: dict[str, Json] = field(factory=dict, init=False)
    _fresh: set[str] = field(factory=set, init=False)
    _used: set[str] = field(factory=set, init=False)

    def load(self) -> None:
        """Read ``requestState`` first, then ``inputResponses``.

        With a state, only keys that it asked for count; without one (a client may
        answer in its first request what it knows will be asked) every key does. Keys
        that the tool never asks for are ignored either way.

        :raises ProtocolError: -32602 for a bad state or malformed responses.
        """
        params = self.binding.params
        asked: set[str] | None = None
        if "requestState" in params:
            known, asked = self.sealer.open(self.binding, params["requestState"])
            self._answers.update(known)
        if "inputResponses" not in params:
            return
        responses = params["inputResponses"]
        if not isinstance(responses, dict):
            raise invalid_params("inputResponses must be an object")
        if too_deep(responses):
            raise invalid_params("inputResponses are nested too deeply")
        for key in responses:
            if asked is None or key in asked:
                self._answers[key] = responses[key]
                self._fresh.add(key)

    def ask(self, asks: Mapping[str, Ask]) -> Deferred[Answers]:
        missing = missing_from(self.capabilities, asks)
        if missing:
            return fail(missing_capability(missing))
        self._used.update(asks)
        for key in self._fresh & asks.keys():
            problem = asks[key].problem(self._answers[key])
            if problem is not None:
                why = f"inputResponses.{key[:60]} is not valid: {problem}"
                return fail(invalid_params(why))
        open_asks = {key: ask for key, ask in asks.items() if key not in self._answers}
        if open_asks:
            # Only what was asked for goes on; a client may send a good deal more.
            known = {
                key: self._answers[key] for key in self._used & self._answers.keys()
            }
            try:
                state = self.sealer.close(self.binding, known, open_asks)
            except ProtocolError as error:
                return fail(error)
            return fail(InputRequired(open_asks, state))
        return succeed({key: self._answers[key] for key in asks})
