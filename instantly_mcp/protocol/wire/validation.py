"""Validates arguments against a JSON Schema, with error messages for a model.

jsonschema-rs validates, with three precautions: it must not fetch remote ``$ref`` (it
does so by default), nesting depth is checked before (very deep input crashes it), and
it runs on the reactor thread only. Its own messages are not used, because they quote
the value, which may be a secret. Each message names the argument and what the schema
requires.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NoReturn

from jsonschema_rs import Draft202012Validator, ValidationError

from ..._json_codec import (
    MAX_DEPTH,
    Json,
    JsonObject,
    dumps,
    nested_too_deeply,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The only supported dialect: keywords of others would silently have no effect."""

MAX_PROBLEMS = 5
"""Maximum number of problems in one message."""

MAX_NAME_CHARS = 60
"""Characters that are shown of an argument's name."""

MAX_VALUES_FOR_ALL_ERRORS = 5_000
"""Approximate number of values up to which all errors are found: 5 us per value."""

_DEMANDS: Mapping[str, str] = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "pattern": "must match {}",
}


class ArgumentCheck:
    """A compiled schema for the arguments of one tool.

    :raises ValueError: if the schema is not valid, or not in dialect 2020-12.
    """

    def __init__(self, schema: Mapping[str, Json]) -> None:
        if schema.get("$schema", DIALECT) != DIALECT:
            raise ValueError(f"schemas are written in {DIALECT}")
        self._validator = Draft202012Validator(
            dict(schema), retriever=_refuse_to_fetch, validate_formats=False
        )
        self._known = list(schema.get("properties", {}))

    def problems(self, arguments: JsonObject) -> str | None:
        """Return sentences that say what is wrong, or ``None`` for valid arguments."""
        if nested_too_deeply(arguments):
            return f"The arguments are nested deeper than {MAX_DEPTH} levels."
        if self._validator.is_valid(arguments):
            return None
        found = []
        for error in self._errors(arguments):
            found.extend(self._sentences(error))
            if len(found) >= MAX_PROBLEMS:
                break
        return " ".join(dict.fromkeys(found))

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
            return [self._unknown(path, name[:MAX_NAME_CHARS]) for name in names]
        if rule == "required":
            where = f"{path}.{error.kind.value}" if path else str(error.kind.value)
            return [f"The argument {where} is required."]
        # The library's own message quotes the value, which may be a password.
        where = path or "(all of them)"
        return [f"The argument {where} is not valid: {_wanted(error)}."]

    def _unknown(self, path: str, name: str) -> str:
        where = f"{path}.{name}" if path else name
        near = get_close_matches(name, self._known, n=1) if not path else []
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"Unknown argument {where}.{hint}"


def _wanted(error: ValidationError) -> str:
    """Return what the schema requires, without quoting the value."""
    rule, demand = error.kind.name, error.kind.value
    if rule == "enum":
        return "must be one of " + ", ".join(str(option) for option in demand[:20])
    if rule == "type":
        kinds = demand if isinstance(demand, list) else [demand]
        return "must be " + " or ".join(str(kind) for kind in kinds)
    if rule == "minLength" and demand == 1:
        return "must not be empty"
    if rule in _DEMANDS:
        return _DEMANDS[rule].format(demand)
    if isinstance(demand, str | int | float):
        return f"{rule} {demand}"
    return f"it does not satisfy the schema keyword {rule}"


def _refuse_to_fetch(uri: str) -> NoReturn:
    raise ValueError(f"remote schemas are never fetched: {uri}")
