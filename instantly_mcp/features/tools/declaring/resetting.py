"""Resetting settings by name: the argument ``reset`` of tools that change an object.

Instantly resets a setting that is sent as null. Models and clients send null for what
they do not mean, so null in an argument changes nothing here; a tool that changes an
object has the argument ``reset`` instead, a list of the settings to set back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from ...._json_codec import Json, JsonObject
from ....protocol.arguments.schema_annotations import types_of
from ...results import CallRefusedError

RESET = "reset"


def may_be_null(schema: JsonObject) -> bool:
    """Return whether Instantly takes null for a parameter with this schema."""
    return "null" in types_of(schema) or None in schema.get("enum", ())


@frozen
class Resettable:
    """The settings that a tool can reset.

    :param values: for each argument, the value that is sent to reset it: null for most.
    :param listed: the names that clients see. Flags are accepted, but not listed: they
        can be set to either value, and each name costs tokens.
    """

    values: Mapping[str, Json]
    listed: Sequence[str]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.values)

    def accepted_schema(self) -> JsonObject:
        """Return the schema of the argument ``reset``."""
        return _list_of([*self.values])

    def listed_schema(self) -> JsonObject:
        """Return the schema that clients see of it."""
        return _list_of([*self.listed])

    def applied(self, arguments: JsonObject) -> JsonObject:
        """Return the arguments with each reset setting at its value.

        :raises CallRefusedError: for a setting that is given a value as well.
        """
        named = arguments.get(RESET)
        if named is None:
            return arguments
        given = {name: each for name, each in arguments.items() if name != RESET}
        both = [name for name in named if name in given]
        if both:
            raise CallRefusedError(
                "bad_argument",
                f"{', '.join(both)}: given a value, and also in reset.",
                "Give a value, or reset the setting, not both.",
            )
        return {**given, **{name: self.values[name] for name in named}}


def _list_of(names: list[str]) -> JsonObject:
    return {"type": "array", "items": {"type": "string", "enum": names}}


def require_change(arguments: Collection[str], fewest: int, can_reset: bool) -> None:
    """Refuse a call that would change nothing.

    :param fewest: the number of arguments of a call that changes something.
    :raises CallRefusedError: when there are fewer.
    """
    if len(arguments) < fewest:
        hint = "Give at least one of the settings to change"
        reset = ", or name those to set back to their default in reset"
        raise CallRefusedError(
            "bad_argument",
            "No change was given.",
            f"{hint}{reset if can_reset else ''}.",
        )
