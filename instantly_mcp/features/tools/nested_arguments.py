"""Validation of nested arguments at every level, before anything is sent.

Their full schemas would take too many tokens in every client's list of tools, so the
list shows an outline only. Instantly silently ignores a misspelled nested member; here
it is refused. The message names its path and never repeats values.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from attrs import define, field
from jsonschema_rs import Draft202012Validator, ValidationError

from ..._json_codec import Json
from ...catalog.index import BY_ID
from ...catalog.schema import plain
from ..results import CallRefusedError

MAX_PROBLEMS = 5


@define(eq=False)
class NestedArgument:
    """The conversion of a nested argument: returns a valid value unchanged.

    :param name: what the tool calls the argument.
    :param schema: its full schema, which allows no unknown members at any level.
    :param hint: the outline of a valid value, for error messages.
    """

    name: str
    schema: Any = field(repr=False)
    hint: str
    _validator: Draft202012Validator = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Compile the schema once."""
        self._validator = Draft202012Validator(self.schema, validate_formats=True)

    def __call__(self, value: Json) -> Json:
        """Return the value.

        :raises CallRefusedError: when the schema does not allow it.
        """
        if self._validator.is_valid(value):
            return value
        found: list[str] = []
        for error in self._validator.iter_errors(value):
            found.extend(self._sentences(error))
            if len(found) >= MAX_PROBLEMS:
                break
        raise CallRefusedError(
            "bad_argument", " ".join(dict.fromkeys(found[:MAX_PROBLEMS])), self.hint
        )

    def _sentences(self, error: ValidationError) -> list[str]:
        path = ".".join([self.name, *(str(step) for step in error.instance_path)])
        rule, wanted = error.kind.name, error.kind.value
        if rule == "additionalProperties":
            return [self._unknown(path, str(name)[:60]) for name in wanted]
        if rule == "required":
            return [f"{path}.{wanted} is required."]
        if rule == "enum":
            return [f"{path} must be one of {', '.join(map(str, wanted))}."]
        if rule == "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            return [f"{path} must be {' or '.join(map(str, kinds))}."]
        return [f"{path} is not valid: {rule} {wanted}."]

    def _unknown(self, path: str, name: str) -> str:
        near = get_close_matches(name, names_in(self.schema), n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        return f"There is no {path}.{name}.{meant}"


def nested_argument(operation_id: str, name: str, hint: str) -> NestedArgument:
    """Return the validator of an operation's parameter, strict at every level."""
    return NestedArgument(name, strict_schema(operation_id, name), hint)


def strict_schema(operation_id: str, name: str) -> Any:
    """Return a fresh schema of an operation's parameter, strict at every level."""
    return closed(plain(BY_ID[operation_id].by_name[name].schema))


def closed(schema: Any) -> Any:
    """Return a schema in which no object allows members that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(each) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict):
        shut.setdefault("additionalProperties", False)
    return shut


def names_in(schema: Any) -> list[str]:
    """Return the member names of all objects in the schema."""
    if isinstance(schema, list):
        return [name for each in schema for name in names_in(each)]
    if not isinstance(schema, dict):
        return []
    own = schema.get("properties")
    found = list(own) if isinstance(own, dict) else []
    return found + [name for each in schema.values() for name in names_in(each)]
