"""Forms as 2025-06-18 knows them: texts, numbers, booleans, and choices of one.

That revision has no choice of several, no titled choice in standard words, and no
default but of a boolean. A titled choice becomes its values with ``enumNames``; a
choice of several becomes one boolean for each value, and the answer is put together
again, so that who asked sees what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from ..._json import Json, JsonObject

_BY_VALUE = ("anyOf", "oneOf")


@frozen
class _Option:
    """One value of a choice of several, and the boolean that stands for it."""

    key: str
    value: Json


class PlainForm:
    """A form in the words of 2025-06-18, and the way back.

    :param fields: property name to a primitive schema, in today's words.
    """

    def __init__(self, fields: Mapping[str, JsonObject]) -> None:
        self.fields: dict[str, JsonObject] = {}
        self._several: dict[str, Sequence[_Option]] = {}
        taken = set(fields)
        for name, schema in fields.items():
            if schema.get("type") == "array":
                self._several[name] = list(self._spread(name, schema, taken))
            else:
                self.fields[name] = _plain(schema)

    def required(self, names: Sequence[str]) -> list[str]:
        """Return which fields are required: a boolean may always be left as it is."""
        return [name for name in names if name in self.fields]

    def read(self, answer: Json) -> Json:
        """Return an answer to this form as one to the form it was made of."""
        content = answer.get("content") if isinstance(answer, dict) else None
        if not isinstance(content, dict):
            return answer
        read = dict(content)
        for name, options in self._several.items():
            given = {
                option.key: read.pop(option.key)
                for option in options
                if option.key in read
            }
            odd = [value for value in given.values() if not isinstance(value, bool)]
            if odd:
                # What is no boolean is no choice: the check of the answer says so.
                read[name] = odd[0]
            elif given:
                read[name] = [each.value for each in options if given.get(each.key)]
        return {**answer, "content": read}

    def _spread(
        self, name: str, schema: JsonObject, taken: set[str]
    ) -> Iterator[_Option]:
        """Add one boolean for each value of a choice of several."""
        preset = schema.get("default") or ()
        for number, (value, title) in enumerate(_choices(schema.get("items", {})), 1):
            key = f"{name}.{number}"
            while key in taken:
                key += "_"
            taken.add(key)
            field: dict[str, Json] = {
                "type": "boolean",
                "title": f"{schema.get('title', name)}: {title}",
                "default": value in preset,
            }
            if "description" in schema:
                field["description"] = schema["description"]
            self.fields[key] = field
            yield _Option(key, value)


def _plain(schema: JsonObject) -> JsonObject:
    plain = {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in _BY_VALUE
        and (keyword != "default" or schema.get("type") == "boolean")
    }
    if any(word in schema for word in _BY_VALUE):
        choices = list(_choices(schema))
        plain["enum"] = [value for value, _ in choices]
        plain["enumNames"] = [title for _, title in choices]
    return plain


def _choices(schema: JsonObject) -> Iterator[tuple[Json, str]]:
    """Yield each value that can be chosen, and what it is called."""
    for value in schema.get("enum", ()):
        yield value, str(value)
    for word in _BY_VALUE:
        for choice in schema.get(word, ()):
            yield choice["const"], choice.get("title", str(choice["const"]))
