"""What a server may ask of a client, and how its answers are checked.

A tool author writes ``await call.ask({"key": Elicit(...)})``. Which wire that takes (a
server request, an input-required round, a task that waits for input) is the business
of an `IAsker`; this module knows only questions and answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol, TypeAlias

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.python.failure import Failure
from zope.interface import Interface

from ..._deferred import reraise
from ..._json import Json, JsonObject
from ..wire.validation import ArgumentCheck
from ..wire.versions import Revision
from .forms import PlainForm


def _as_it_is(answer: Json) -> Json:
    return answer


@frozen
class Wording:
    """A question as one revision can put it.

    :param read: makes an answer to this one of an answer to the question itself.
    """

    params: JsonObject
    read: Callable[[Json], Json] = _as_it_is


class Ask(Protocol):
    """A question to the client."""

    @property
    def method(self) -> str:
        """The JSON-RPC method that carries it."""

    @property
    def required(self) -> JsonObject:
        """The client capabilities it needs, as a ClientCapabilities object."""

    def params(self) -> JsonObject:
        """The parameters on the wire."""

    def worded(self, revision: Revision) -> Wording:
        """The question in the words of an earlier revision."""

    def problem(self, answer: Json) -> str | None:
        """Say what is wrong with an answer, or ``None``."""


@frozen(kw_only=True)
class Elicit:
    """Ask the person: a form with flat fields.

    :param fields: property name to a primitive schema (string, number, boolean, enum).
    """

    message: str
    fields: Mapping[str, JsonObject]
    required_fields: Sequence[str] = ()

    method: ClassVar[str] = "elicitation/create"
    required: ClassVar[JsonObject] = {"elicitation": {}}

    def params(self) -> JsonObject:
        return {"message": self.message, "requestedSchema": self._schema()}

    def worded(self, revision: Revision) -> Wording:
        if revision.choices:
            return Wording(self.params())
        form = PlainForm(self.fields)
        required = form.required(self.required_fields)
        schema = _form(form.fields, required)
        return Wording({"message": self.message, "requestedSchema": schema}, form.read)

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
    """Ask the client's model to write something."""

    messages: Sequence[JsonObject]
    max_tokens: int
    system_prompt: str | None = None

    method: ClassVar[str] = "sampling/createMessage"
    required: ClassVar[JsonObject] = {"sampling": {}}

    def params(self) -> JsonObject:
        params: dict[str, Json] = {
            "messages": list(self.messages),
            "maxTokens": self.max_tokens,
        }
        if self.system_prompt is not None:
            params["systemPrompt"] = self.system_prompt
        return params

    def worded(self, revision: Revision) -> Wording:
        return Wording(self.params())

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
    """Ask which folders the client works in."""

    method: ClassVar[str] = "roots/list"
    required: ClassVar[JsonObject] = {"roots": {}}

    def params(self) -> JsonObject:
        return {}

    def worded(self, revision: Revision) -> Wording:
        return Wording(self.params())

    def problem(self, answer: Json) -> str | None:
        if not isinstance(answer, dict) or not isinstance(answer.get("roots"), list):
            return "the answer must be an object with roots"
        for root in answer["roots"]:
            if not isinstance(root, dict) or not isinstance(root.get("uri"), str):
                return "each root must be an object with a uri"
        return None


Answers: TypeAlias = Mapping[str, JsonObject]


class IAsker(Interface):
    """A way to reach the client with questions."""

    def ask(asks: Mapping[str, Ask]) -> Deferred[Answers]:
        """Ask all of them at once; answer when all are answered, checked, by key.

        Fails with `CannotAsk` where the client cannot be asked, or will not answer.
        """


def together(waiting: Mapping[str, Deferred[JsonObject]]) -> Deferred[Answers]:
    """Fire when all is answered. With the first that fails, nobody needs the others."""
    keys, answers = list(waiting), list(waiting.values())
    gathered = gatherResults(answers, consumeErrors=True)
    gathered.addErrback(_first_cause, answers)
    return gathered.addCallback(lambda got: dict(zip(keys, got, strict=True)))


def _first_cause(
    failure: Failure, waiting: Sequence[Deferred[JsonObject]]
) -> list[JsonObject]:
    """Unwrap what `gatherResults` wraps."""
    for other in waiting:
        other.cancel()
    inner = getattr(failure.value, "subFailure", failure)
    if inner.check(CancelledError):
        raise CancelledError()
    reraise(inner)


class CannotAsk(Exception):
    """The client cannot be asked this, or refused. A sentence for the model."""


def lacks(capabilities: JsonObject, required: JsonObject) -> bool:
    """Say whether declared client capabilities lack any of the required ones."""
    for name, inner in required.items():
        declared = capabilities.get(name)
        if not isinstance(declared, dict):
            return True
        if name == "elicitation" and not inner and _only_urls(declared):
            return True
        if isinstance(inner, dict) and lacks(declared, inner):
            return True
    return False


def _only_urls(elicitation: JsonObject) -> bool:
    """An empty object means forms; one that names modes means only those."""
    return "url" in elicitation and "form" not in elicitation


def missing_from(capabilities: JsonObject, asks: Mapping[str, Ask]) -> JsonObject:
    """Return the union of required capabilities that are not declared."""
    missing: dict[str, Json] = {}
    for ask in asks.values():
        if lacks(capabilities, ask.required):
            missing.update(ask.required)
    return missing
