"""The values that a case consists of, and their form in case files."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import asdict, field, frozen

from ..._json_codec import Json
from ..records import ApiObject
from .start_state import StartStep

EVAL_KEY_PREFIX = "sandbox-eval-"
"""A key of this prefix and the id of a case begins in the start state of the case."""

RECOMMENDED_SEED = 42
"""The seed for comparable runs; cases mention nothing that depends on the seed."""

ANY: Json = {"any": True}
"""In a pattern: the field was changed, no matter to what."""


def containing(text: str) -> Json:
    """Return what stands in a pattern for any value whose JSON contains a text."""
    return {"contains": text}


@frozen(kw_only=True)
class Pattern:
    """A description of effects.

    :param change: ``created``, ``changed``, ``deleted``, ``sent`` or ``spent``.
    :param kind: ``account``, ``campaign``, ``lead``, ``list``, ``email``, ``credits``.
    :param name: the name or the address of the object; ``None`` for any.
    :param fields: values of its fields. A ``changed`` effect must have no other fields.
    :param times: how many effects must match, if the pattern is an expected one.
    """

    change: str
    kind: str
    name: str | None = None
    fields: Mapping[str, Json] = field(factory=dict)
    times: int = 1

    def as_object(self) -> ApiObject:
        """Return the form of case files."""
        shown: ApiObject = {"change": self.change, "kind": self.kind}
        if self.name is not None:
            shown["name"] = self.name
        if self.fields:
            shown["fields"] = dict(self.fields)
        if self.times != 1:
            shown["times"] = self.times
        return shown


def changed(kind: str, name: str, /, **fields: Json) -> Pattern:
    """Return the pattern of a change of these fields, and of no others."""
    return Pattern(change="changed", kind=kind, name=name, fields=fields)


def answer_to(email: str, text: str) -> Pattern:
    """Return the pattern of a mail with a text to one address, without copies."""
    fields = {"to": [email], "cc": [], "bcc": [], "body": containing(text)}
    return Pattern(change="sent", kind="email", name=email, fields=fields)


@frozen(kw_only=True)
class EvalCase:
    """One case.

    :param about: which mistake it is about.
    :param start: what the workspace has besides the seeded content.
    :param tools: groups of tools; of each group one must be called. Only a harness
        that knows which tools a client called can judge this.
    :param operations: groups of operations of the API; of each group one must be
        executed.
    :param expected: effects that must happen.
    :param allowed: effects that may happen.
    :param forbidden: effects that the case is about; others that are neither expected
        nor allowed are failures as well.
    """

    id: str
    question: str
    about: str
    start: tuple[StartStep, ...] = ()
    tools: tuple[tuple[str, ...], ...] = ()
    forbidden_tools: tuple[str, ...] = ()
    operations: tuple[tuple[str, ...], ...] = ()
    forbidden_operations: tuple[str, ...] = ()
    expected: tuple[Pattern, ...] = ()
    allowed: tuple[Pattern, ...] = ()
    forbidden: tuple[Pattern, ...] = ()

    @property
    def key(self) -> str:
        """The sandbox key whose workspace begins in the start state."""
        return EVAL_KEY_PREFIX + self.id

    def as_object(self) -> ApiObject:
        """Return the form of case files."""
        steps = [{type(step).__name__: asdict(step)} for step in self.start]
        return {
            "id": self.id,
            "question": self.question,
            "about": self.about,
            "start": {"seed": RECOMMENDED_SEED, "key": self.key, "also": steps},
            "tools": {
                "expected": [list(group) for group in self.tools],
                "forbidden": list(self.forbidden_tools),
            },
            "operations": {
                "expected": [list(group) for group in self.operations],
                "forbidden": list(self.forbidden_operations),
            },
            "effects": {
                "expected": [each.as_object() for each in self.expected],
                "allowed": [each.as_object() for each in self.allowed],
                "forbidden": [each.as_object() for each in self.forbidden],
            },
        }
