"""The objects that a write names: for the audit, and for the limits on campaigns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...._json_codec import Json, JsonObject
from ....catalog.operation import Operation, Parameter, Place

MAX_TARGETS = 20
"""Most objects that are named; the arguments' digest stands for the others."""

_NAMES_OBJECTS = re.compile(r"(?:.*_)?(?:id|ids|uuid|uuids)|campaign|email|lead_email")


def targets_of(operation: Operation, arguments: JsonObject) -> tuple[str, ...]:
    """Return the ids and addresses of the objects that a write names, each once."""
    found = dict.fromkeys(_targets(operation, arguments))
    return tuple(found)[:MAX_TARGETS]


def _targets(operation: Operation, arguments: JsonObject) -> Iterator[str]:
    for parameter in operation.parameters:
        if _names_objects(parameter):
            yield from _texts(arguments.get(parameter.name))


def _names_objects(parameter: Parameter) -> bool:
    return (
        parameter.place is Place.PATH
        or _NAMES_OBJECTS.fullmatch(parameter.name) is not None
    )


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for each in value[:MAX_TARGETS]:
            yield from _texts(each)
    elif isinstance(value, str) and value:
        yield value
