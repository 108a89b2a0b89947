"""Questions that the server asks a client, and the checks of the answers.

The specification calls them client features: elicitation (a form for the user),
sampling (a completion by the client's model), and roots (the client's folders). A
feature writes ``await call.ask({"key": Elicit(...)})``, whatever the client's revision.
There are three ways to get the answers, each with an `IAsker`:

- *By session* (legacy era, `ask_by_session`): the server sends a JSON-RPC request on
  the event stream of the call, the client sends the response with a POST of its own,
  and the coroutine of the tool waits meanwhile.
- *By retry* (modern era, `ask_by_retry`): the result of the call is ``input_required``.
  The client sends the call again with the answers, and the tool runs again from its
  start. The earlier answers are in the sealed ``requestState``; the server stores
  nothing.
- *By task* (modern era, `ask_by_task`): the call has become a task. Its status is
  ``input_required`` until ``tasks/update`` brings the answers, and the tool waits
  meanwhile.

A call that cannot use any of them gets `CannotAsk`, whose message is for the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol, TypeAlias

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.python.failure import Failure
from zope.interface import Interface

from ..._deferred import reraise
from ..._json_codec import Json, JsonObject
from ..arguments.validation import ArgumentCheck
from ..wire.versions import Revision
from .forms import PlainForm


def _as_it_is(answer: Json) -> Json:
    return answer


@frozen
class AdaptedQuestion:
    """A question as one revision can express it.

    :param params: the parameters of the request to the client.
    :param read: converts the client's answer to the answer of the original question.
    """

    params: JsonObject
    read: Callable[[Json], Json] = _as_it_is


class Question(Protocol):
    """A question that the server asks the client."""

    @property
    def method(self) -> str:
        """The JSON-RPC method of the request."""

    @property
    def required(self) -> JsonObject:
        """The client capabilities that it needs, as a ``ClientCapabilities`` object."""

    @property
    def patience_seconds(self) -> float:
        """How long a legacy client may take to answer before the call fails."""

    @property
    def only_asked(self) -> bool:
        """Whether a modern client may answer only after it was asked.

        It may answer other questions before, to save a round.
        """

    def params(self) -> JsonObject:
        """Return the parameters of the request, as the latest revision has them."""

    def adapted_to(self, revision: Revision) -> AdaptedQuestion:
        """Return the question as `revision` can express it."""

    def problem(self, answer: Json) -> str | None:
        """Return what is wrong with an answer, or ``None`` if it is valid."""


ANSWER_SECONDS = 300.0
"""How long the server waits for an answer, unless the question has its own limit."""


@frozen(kw_only=True)
class Elicit:
    """Asks the user to fill in a form with flat fields.

    :param fields: property name to a primitive schema (string, number, boolean, enum).
    """

    message: str
    fields: Mapping[str, JsonObject]
    required_fields: Sequence[str] = ()
    patience_seconds: float = ANSWER_SECONDS
    only_asked: bool = False

    method: ClassVar[str] = "elicitation/create"
    required: ClassVar[JsonObject] = {"elicitation": {}}

    def params(self) -> JsonObject:
        return {"message": self.message, "requestedSchema": self._schema()}

    def adapted_to(self, revision: Revision) -> AdaptedQuestion:
        if revision.choices:
            return AdaptedQuestion(self.params())
        form = PlainForm(self.fields)
        required = form.required(self.required_fields)
        schema = _form(form.fields, required)
        return AdaptedQuestion(
            {"message": self.message, "requestedSchema": schema}, form.read
        )

    def problem(self, answer: Json) -> str | None:
        if not isinstance(answer, dict):
            return "the answer must be an object"
        action = answer.get("action")
        if action not in ("accept", "decline", "cancel"):
            return "the action must be accept, decline or cancel"
        if action != "accept":
            return None
        content = answer.get("content", {})
        if not isinstance(content, dict):
            return "the content must be an object"
        return ArgumentCheck(self._schema()).problems(content)

    def _schema(self) -> JsonObject:
        return _form(self.fields, self.required_fields)


def _form(fields: Mapping[str, JsonObject], required: Sequence[str]) -> JsonObject:
    schema: dict[str, Json] = {"type": "object", "properties": dict(fields)}
    if required:
        schema["required"] = list(required)
    return schema


@frozen(kw_only=True)
class Sample:
    """Asks the client's model for a completion."""

    messages: Sequence[JsonObject]
    max_tokens: int
    system_prompt: str | None = None

    method: ClassVar[str] = "sampling/createMessage"
    required: ClassVar[JsonObject] = {"sampling": {}}
    patience_seconds: ClassVar[float] = ANSWER_SECONDS
    only_asked: ClassVar[bool] = False

    def params(self) -> JsonObject:
        params: dict[str, Json] = {
            "messages": list(self.messages),
            "maxTokens": self.max_tokens,
        }
        if self.system_prompt is not None:
            params["systemPrompt"] = self.system_prompt
        return params

    def adapted_to(self, revision: Revision) -> AdaptedQuestion:
        return AdaptedQuestion(self.params())

    def problem(self, answer: Json) -> str | None:
        if not isinstance(answer, dict):
            return "the answer must be an object"
        if answer.get("role") not in ("user", "assistant"):
            return "the role must be user or assistant"
        if not isinstance(answer.get("model"), str):
            return "the model must be named"
        content = answer.get("content")
        blocks = content if isinstance(content, list) else [content]
        if not all(isinstance(block, dict) for block in blocks):
            return "the content must be a content block, or a list of them"
        return None


@frozen
class ListRoots:
    """Asks which folders the client works in."""

    method: ClassVar[str] = "roots/list"
    required: ClassVar[JsonObject] = {"roots": {}}
    patience_seconds: ClassVar[float] = ANSWER_SECONDS
    only_asked: ClassVar[bool] = False

    def params(self) -> JsonObject:
        return {}

    def adapted_to(self, revision: Revision) -> AdaptedQuestion:
        return AdaptedQuestion(self.params())

    def problem(self, answer: Json) -> str | None:
        if not isinstance(answer, dict) or not isinstance(answer.get("roots"), list):
            return "the answer must be an object with roots"
        for root in answer["roots"]:
            if not isinstance(root, dict) or not isinstance(root.get("uri"), str):
                return "each root must be an object with a uri"
        return None


Answers: TypeAlias = Mapping[str, JsonObject]


class IAsker(Interface):
    """Asks the client questions, in one of the three ways."""

    def ask(questions: Mapping[str, Question]) -> Deferred[Answers]:
        """Ask all questions at once; fires with the valid answers by key.

        Fails with `CannotAsk` if the client cannot be asked or does not answer, and
        `RetryAsker` also with `InputRequired`, which ends the round, and with
        `ProtocolError` for answers that are not valid.
        """


def gather_answers(waiting: Mapping[str, Deferred[JsonObject]]) -> Deferred[Answers]:
    """Fire when all questions are answered. The first failure cancels the others."""
    keys, answers = list(waiting), list(waiting.values())
    gathered = gatherResults(answers, consumeErrors=True)
    gathered.addErrback(_first_cause, answers)
    return gathered.addCallback(lambda got: dict(zip(keys, got, strict=True)))


def _first_cause(
    failure: Failure, waiting: Sequence[Deferred[JsonObject]]
) -> list[JsonObject]:
    """Cancel the other questions, and unwrap the failure that `gatherResults` wraps."""
    for other in waiting:
        other.cancel()
    inner = getattr(failure.value, "subFailure", failure)
    if inner.check(CancelledError):
        raise CancelledError()
    reraise(inner)


class CannotAsk(Exception):
    """The client cannot be asked or refuses to answer. The message is for the model."""


class NotReachable(CannotAsk):
    """The question cannot be sent to the client."""


class NotAnswered(CannotAsk):
    """The question was sent, but the client did not show it, or not in time."""


def lacks_capability(capabilities: JsonObject, required: JsonObject) -> bool:
    """Return whether declared client capabilities lack any of the required ones."""
    for name, inner in required.items():
        declared = capabilities.get(name)
        if not isinstance(declared, dict):
            return True
        if name == "elicitation" and not inner and _only_urls(declared):
            return True
        if isinstance(inner, dict) and lacks_capability(declared, inner):
            return True
    return False


def _only_urls(elicitation: JsonObject) -> bool:
    """An empty object declares forms; one that names modes declares only those."""
    return "url" in elicitation and "form" not in elicitation


def missing_capabilities(
    capabilities: JsonObject, questions: Mapping[str, Question]
) -> JsonObject:
    """Return the union of required capabilities that are not declared."""
    missing: dict[str, Json] = {}
    for question in questions.values():
        if lacks_capability(capabilities, question.required):
            missing.update(question.required)
    return missing
