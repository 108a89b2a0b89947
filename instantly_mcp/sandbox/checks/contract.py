"""Compares what the sandbox simulates with a description of Instantly's API.

A vendor changes an API without a notice; a job that runs this comparison with a fresh
copy of the OpenAPI document says which operations the simulation no longer matches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..._json_codec import Json, JsonObject
from ...catalog.index import OPERATIONS
from ...catalog.operation import Operation, Place
from ..dispatch import is_simulated

_METHODS = ("get", "post", "put", "patch", "delete")


class DocumentError(ValueError):
    """A document is not an OpenAPI description of an API."""


def differences(document: Json) -> list[str]:
    """Return one line for each difference; an empty list if there are none.

    Operations that only the document has are not differences, because the simulation
    has a part of the API on purpose.

    :raises DocumentError: for anything but an OpenAPI document.
    """
    described = _described(document)
    return [
        line
        for operation in OPERATIONS
        if is_simulated(operation)
        for line in _compared(operation, described)
    ]


def compared_operations() -> int:
    """Return how many operations are compared."""
    return sum(map(is_simulated, OPERATIONS))


def _described(document: Json) -> Mapping[tuple[str, str], tuple[JsonObject, Json]]:
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(paths, dict) or not paths:
        raise DocumentError("it has no paths: it is not an OpenAPI document")
    return {
        (method.upper(), path): (operation, item.get("parameters") or [])
        for path, item in paths.items()
        if isinstance(item, dict)
        for method, operation in item.items()
        if method in _METHODS and isinstance(operation, dict)
    }


def _compared(
    operation: Operation,
    described: Mapping[tuple[str, str], tuple[JsonObject, Json]],
) -> Iterator[str]:
    where = f"{operation.id} ({operation.method} {operation.path})"
    found = described.get((operation.method, operation.path))
    if found is None:
        ids = {each.get("operationId"): at for at, (each, _) in described.items()}
        moved = ids.get(operation.id)
        to = f"; it is now {' '.join(moved)}" if moved else ""
        yield f"{where}: not in the document{to}"
        return
    theirs, shared = found
    if theirs.get("operationId") != operation.id:
        yield f"{where}: the document calls it {theirs.get('operationId')}"
    yield from _parameters(where, operation, theirs, shared)


def _parameters(
    where: str, operation: Operation, theirs: JsonObject, shared: Json
) -> Iterator[str]:
    known = {each.name for each in operation.parameters}
    needed = {each.name for each in operation.parameters if each.required}
    listed, required = _names_in(theirs, shared)
    for name in sorted(known - listed) if listed else ():
        yield f"{where}: the document has no parameter {name}"
    for name in sorted(required - known):
        yield f"{where}: the document requires {name}, which is not simulated"
    optional = (required & known) - needed
    for name in sorted(optional):
        yield f"{where}: the document requires {name}, which is optional here"


def _names_in(theirs: JsonObject, shared: Json) -> tuple[set[str], set[str]]:
    """Return the names of all parameters, and of those that are required."""
    listed, required = set(), set()
    for each in [*shared, *(theirs.get("parameters") or [])]:
        if isinstance(each, dict) and each.get("in") in {
            Place.PATH.value,
            Place.QUERY.value,
        }:
            listed.add(str(each.get("name")))
            if each.get("required"):
                required.add(str(each.get("name")))
    body = theirs.get("requestBody")
    content = body.get("content", {}) if isinstance(body, dict) else {}
    schema = (content.get("application/json") or {}).get("schema") or {}
    for part in (schema, *(schema.get("allOf") or ())):
        listed |= set(part.get("properties") or {})
        required |= set(part.get("required") or ())
    return listed, required
