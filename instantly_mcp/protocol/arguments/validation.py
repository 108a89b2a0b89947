"""Validates arguments against a JSON Schema, with error messages for a model.

jsonschema-rs validates, with three precautions: it must not fetch remote ``$ref`` (it
does so by default), nesting depth is checked before (very deep input crashes it), and
it runs on the reactor thread only. Its own messages are not used, because they quote
the value, which may be a secret. Each message names the argument and what the schema
requires, and for an unknown name the one that was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn

from attrs import frozen
from jsonschema_rs import Draft202012Validator, ValidationError

from ..._json_codec import MAX_DEPTH, Json, JsonObject, dumps, nested_too_deeply
from .schema_annotations import (
    HINT,
    SUGGESTED_FOR,
    UNKNOWN_HINT,
    UNLISTED,
    folded,
    is_map,
    types_of,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The only supported dialect: keywords of others would silently have no effect."""

MAX_PROBLEMS = 5
"""Maximum number of problems in one message."""

MAX_NAME_CHARS = 60
"""Characters that are shown of an argument's name."""

MAX_VALUES_FOR_ALL_ERRORS = 5_000
"""Approximate number of values up to which all errors are found: 5 us per value."""

MAX_OPTIONS = 40
"""Options of an argument that a message names."""

CORRECT_THEM = "Correct the arguments and call the tool again."

NOT_BLANK = "\\S"
"""The pattern of a text that is not blank."""

_KINDS: Mapping[str, str] = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
    "string": "text",
}
_PLURALS: Mapping[str, str] = {
    "integer": "integers",
    "number": "numbers",
    "object": "objects",
    "string": "texts",
}

_DEMANDS: Mapping[str, str] = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "pattern": "is not written in the form that is wanted",
    "format": "must be a valid {}",
}


@frozen
class ArgumentProblem:
    """Why arguments are refused.

    :param message: what is wrong, without any value.
    :param hint: what to do.
    """

    message: str
    hint: str = CORRECT_THEM


class ArgumentCheck:
    """A compiled schema for the arguments of one tool.

    :param formats: also check the keyword ``format``.
    :raises ValueError: if the schema is not valid, or not in dialect 2020-12.
    """

    def __init__(self, schema: Mapping[str, Json], *, formats: bool = False) -> None:
        if schema.get("$schema", DIALECT) != DIALECT:
            raise ValueError(f"schemas are written in {DIALECT}")
        self._schema = dict(schema)
        self._validator = Draft202012Validator(
            self._schema, retriever=refuse_to_fetch, validate_formats=formats
        )

    def problems(self, arguments: JsonObject) -> str | None:
        """Return sentences that say what is wrong, or ``None`` for valid arguments."""
        problem = self.problem(arguments)
        return None if problem is None else problem.message

    def problem(self, arguments: JsonObject) -> ArgumentProblem | None:
        """Return what is wrong, and what to do, or ``None`` for valid arguments."""
        if nested_too_deeply(arguments):
            return too_deep()
        if self.allows(arguments):
            return None
        found: list[str] = []
        hints: list[str] = []
        for error in self._errors(arguments):
            found.extend(self._sentences(error))
            hints.extend(self._hints(error))
            if len(found) >= MAX_PROBLEMS:
                break
        hint = hints[0] if hints else CORRECT_THEM
        return ArgumentProblem(" ".join([*dict.fromkeys(found)][:MAX_PROBLEMS]), hint)

    def allows(self, arguments: JsonObject) -> bool:
        """Return whether arguments are valid; they must not be nested too deeply."""
        return self._validator.is_valid(arguments)

    def _errors(self, arguments: JsonObject) -> Iterable[ValidationError]:
        """Return all errors, or only the first one if there are many values.

        `iter_errors` finds and formats every error before it returns the first.
        """
        if dumps(arguments).count(b",") <= MAX_VALUES_FOR_ALL_ERRORS:
            return self._validator.iter_errors(arguments)
        try:
            self._validator.validate(arguments)
        except ValidationError as error:
            return (error,)
        return ()

    def _sentences(self, error: ValidationError) -> list[str]:
        path = ".".join(str(step) for step in error.instance_path)
        rule = error.kind.name
        if rule == "additionalProperties":
            names = error.kind.value[:MAX_PROBLEMS]
            owner = self._schema_at(error.schema_path[:-1])
            return [each for name in names for each in _unknown(owner, path, name)]
        if rule == "required":
            where = f"{path}.{error.kind.value}" if path else str(error.kind.value)
            return [f"The argument {where} is required."]
        if rule in ("anyOf", "oneOf"):
            inner = _inside_a_branch(error)
            if inner:
                return [each for one in inner for each in self._sentences(one)]
        # The library's own message quotes the value, which may be a password.
        where = f"The argument {path}" if path else "The whole of the arguments"
        return [f"{where} {_wanted(error, self._schema_at(error.schema_path[:-1]))}."]

    def _hints(self, error: ValidationError) -> list[str]:
        """Return the outline of the argument, or the names if one is unknown."""
        properties = self._schema.get("properties", {})
        if error.instance_path:
            outlined = properties.get(error.instance_path[0])
            hint = outlined.get(HINT) if isinstance(outlined, Mapping) else None
            return [hint] if hint else []
        if error.kind.name != "additionalProperties":
            return []
        if not properties:
            return ["This tool has no arguments."]
        listed = [n for n, each in properties.items() if not _is_unlisted(each)]
        return ["The arguments of this tool are " + ", ".join(listed) + "."]

    def _schema_at(self, path: Sequence[str | int]) -> Mapping[str, Json]:
        """Return the part of the schema at a path of the library."""
        found: Json = self._schema
        for step in path:
            known = isinstance(found, Mapping) and step in found
            indexed = isinstance(found, list) and isinstance(step, int)
            if not known and not indexed:
                return {}
            found = found[step]
        return found if isinstance(found, Mapping) else {}


def too_deep() -> ArgumentProblem:
    """Return the problem of arguments that are nested too deeply."""
    return ArgumentProblem(f"The arguments are nested deeper than {MAX_DEPTH} levels.")


def _unknown(owner: Mapping[str, Json], path: str, name: str) -> list[str]:
    """Return the sentences for a member that an object does not have."""
    properties = owner.get("properties") or {}
    shown = name[:MAX_NAME_CHARS]
    meant = _suggested(properties, shown) or get_close_matches(shown, properties, n=1)
    meant = meant or _meant_inside(properties, shown)
    said = f"Unknown argument {path}.{shown}." if path else f"Unknown argument {shown}."
    if meant:
        return [f"{said} Did you mean {meant[0]}?"]
    return [said, owner[UNKNOWN_HINT]] if owner.get(UNKNOWN_HINT) else [said]


def _is_unlisted(schema: Json) -> bool:
    return isinstance(schema, Mapping) and bool(schema.get(UNLISTED))


def _meant_inside(properties: Mapping[str, Json], name: str) -> list[str]:
    """Return the member of an argument that is meant by a name, with the argument."""
    owners = {
        member: f"{argument}.{member}"
        for argument, schema in properties.items()
        for member in names_in(schema)
    }
    return [owners[near] for near in get_close_matches(name, owners, n=1)]


def _suggested(properties: Mapping[str, Json], name: str) -> list[str]:
    """Return the properties that are declared as suggestions for a name."""
    wanted = folded(name)
    return [
        property_name
        for property_name, schema in properties.items()
        if isinstance(schema, Mapping)
        and wanted in map(folded, schema.get(SUGGESTED_FOR, ()))
    ]


def names_in(schema: Json) -> list[str]:
    """Return the member names of all objects in a schema."""
    if isinstance(schema, list):
        return [name for each in schema for name in names_in(each)]
    if not isinstance(schema, Mapping):
        return []
    own = schema.get("properties")
    found = list(own) if isinstance(own, Mapping) else []
    return found + [name for each in schema.values() for name in names_in(each)]


def _inside_a_branch(error: ValidationError) -> list[ValidationError]:
    """Return the errors of the branch that has the value's type, if there is one."""
    for branch in getattr(error.kind, "context", ()):
        here = [each.instance_path == error.instance_path for each in branch]
        types = [each.kind.name == "type" for each in branch]
        if not any(map(all, zip(here, types, strict=True))):
            return list(branch)
    return []


def _wanted(error: ValidationError, schema: Mapping[str, Json]) -> str:
    """Return what the schema requires, without quoting the value."""
    rule, demand = error.kind.name, error.kind.value
    if rule == "enum":
        words = [option for option in demand if isinstance(option, str)] or demand
        return "must be one of " + ", ".join(map(str, words[:MAX_OPTIONS]))
    if rule == "type":
        if is_map(schema):
            return "must be a list of {name, value}"
        return _one_of(demand if isinstance(demand, list) else [demand], schema)
    if rule in ("anyOf", "oneOf"):
        branches = schema.get(rule, ())
        return _one_of(sorted({kind for each in branches for kind in types_of(each)}))
    if rule == "minLength" and demand == 1:
        return "must not be empty"
    if rule == "pattern" and demand == NOT_BLANK:
        return "must not be blank"
    if rule == "minItems" and demand == 1:
        return "must not be empty"
    if rule in _DEMANDS:
        return _DEMANDS[rule].format(demand)
    if isinstance(demand, str | int | float):
        return f"does not satisfy {rule} {demand}"
    return f"does not satisfy the schema keyword {rule}"


def _one_of(kinds: Sequence[str], schema: Mapping[str, Json] | None = None) -> str:
    """Return which types are wanted; for a list also the type of its items."""
    words = [_KINDS.get(kind, kind) for kind in kinds]
    items = (schema or {}).get("items")
    inner = types_of(items) if isinstance(items, Mapping) else ()
    if words == ["a list"] and inner:
        words = ["a list of " + " or ".join(_PLURALS.get(each, each) for each in inner)]
    return "must be " + " or ".join(words)


def refuse_to_fetch(uri: str) -> NoReturn:
    """Refuse to resolve a reference to another document."""
    raise ValueError(f"remote schemas are never fetched: {uri}")
