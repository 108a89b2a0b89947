"""Reads the arguments of a command into the attrs class that describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, get_type_hints

import attrs

from ..._json_codec import Json, JsonObject

T = TypeVar("T")


class CommandRefusedError(Exception):
    """A command cannot be done. Nothing was changed, unless the lines say what was.

    :ivar lines: one sentence for each error; none may contain a secret.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _whole(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("must be a whole number")
    return value


def _switch(value: Json) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _texts(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("must be a list of texts")
    return tuple(map(_text, value))


def _numbers(value: Json) -> Mapping[str, int]:
    if not isinstance(value, dict):
        raise ValueError("must be an object of whole numbers")
    return {name: _whole(number) for name, number in value.items()}


def _or_none(read: Callable[[Json], Any]) -> Callable[[Json], Any]:
    return lambda value: None if value is None else read(value)


_PLAIN: Mapping[Any, Callable[[Json], Any]] = {
    str: _text,
    int: _whole,
    bool: _switch,
    tuple[str, ...]: _texts,
    Mapping[str, int]: _numbers,
}

_READERS: Mapping[object, Callable[[Json], Any]] = {
    **_PLAIN,
    **{kind | None: _or_none(read) for kind, read in _PLAIN.items()},
}
"""How to read a field, by its type. These types are enough for every command."""


def read_request(kind: type[T], arguments: JsonObject) -> T:
    """Return an instance of an attrs class with these arguments.

    :param kind: a class whose fields have types of `_READERS`.
    :raises CommandRefusedError: for arguments that the class does not have, that it
        lacks, or that have another type or a value that its validators refuse. The
        message contains no value.
    """
    types = get_type_hints(kind)
    fields = {field.name: field for field in attrs.fields(cast(Any, kind))}
    unknown = sorted(set(arguments) - set(fields))
    if unknown:
        raise CommandRefusedError(
            "the running daemon is of another version than this command, and has no "
            f"argument {', '.join(unknown)}: restart the daemon"
        )
    values: dict[str, object] = {}
    for name, field in fields.items():
        if name not in arguments:
            if field.default is attrs.NOTHING:
                raise CommandRefusedError(f"{name} is missing")
            continue
        try:
            values[name] = _READERS[types[name]](arguments[name])
        except ValueError as error:
            raise CommandRefusedError(f"{name} {error}") from None
    try:
        return kind(**values)
    except ValueError as error:
        raise CommandRefusedError(str(error)) from None


def arguments_of(request: object) -> JsonObject:
    """Return the arguments of a request as JSON; the reverse of `read_request`."""
    fields = attrs.fields(type(cast(Any, request)))
    return {field.name: _as_json(getattr(request, field.name)) for field in fields}


def _as_json(value: object) -> Json:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
