"""Reads arguments: without the tags of untrusted text, repaired, then validated.

The same for the arguments of every tool and prompt, and compiled once for each.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import Json, JsonObject, dumps, nested_too_deeply
from ..wire.errors import invalid_params
from ..wire.jsonrpc import MAX_JSON_VALUES
from .fences import has_fences, without_fences
from .repair import ArgumentRepair, may_change
from .schema_annotations import without_null
from .text_values import ValueAllowance, read_text
from .validation import ArgumentCheck, ArgumentProblem, too_deep

_OBJECT = frozenset(("object",))

GIVE_ONE = "Give only one of them."


class BadArguments(Exception):
    """Arguments that are refused."""

    def __init__(self, problem: ArgumentProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class AcceptedArguments:
    """The arguments of one tool or prompt.

    :param schema: JSON Schema 2020-12 whose root is an object. Null is never a value:
        where the schema allows it, it still means "not said".
    :raises ValueError: if the schema is invalid or its names are ambiguous.
    """

    def __init__(self, schema: Mapping[str, Json]) -> None:
        accepted = without_null(schema)
        self._check = ArgumentCheck(accepted, formats=True)
        self._repair = ArgumentRepair(accepted)

    def read(self, arguments: JsonObject) -> JsonObject:
        """Return the arguments repaired; unchanged if they need nothing.

        :raises BadArguments: if they contradict each other, or are not valid.
        """
        if nested_too_deeply(arguments):
            raise BadArguments(too_deep())
        encoded = dumps(arguments)
        if has_fences(encoded):
            arguments = without_fences(arguments)
            encoded = dumps(arguments)
        if self._check.allows(arguments) and not may_change(encoded):
            return arguments
        repaired, contradictions = self._repair.repaired(arguments)
        if contradictions:
            raise BadArguments(ArgumentProblem(" ".join(contradictions), GIVE_ONE))
        problem = self._check.problem(repaired)
        if problem is not None:
            raise BadArguments(problem)
        return repaired


def object_of(arguments: Json) -> JsonObject:
    """Return the arguments of a request; some clients send all of them as one text.

    :raises ProtocolError: -32602 if they are not an object.
    """
    if arguments is None:
        return {}
    if isinstance(arguments, str):
        arguments = read_text(arguments, _OBJECT, ValueAllowance(MAX_JSON_VALUES))
    if not isinstance(arguments, dict):
        raise invalid_params("params.arguments must be an object")
    return arguments
