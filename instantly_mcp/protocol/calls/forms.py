"""Converts elicitation forms for revision 2025-06-18, and their answers back.

That revision has no multiple choice, no standard titles for choices, and defaults only
for booleans. A titled choice becomes an ``enum`` with ``enumNames``. A multiple choice
becomes one boolean per value; the answer is converted back to the list of chosen
values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from ..._json_codec import Json, JsonObject

_BY_VALUE = ("anyOf", "oneOf")


@frozen
class _Option:
    """One value of a multiple choice, with the key of the boolean that replaces it."""

    key: str
    value: Json


class PlainForm:
    """A form for revision 2025-06-18.

    :param fields: property name to a schema, as the latest revision has it.
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
        """Return the required fields without the booleans of multiple choices."""
        return [name for name in names if name in self.fields]

    def read(self, answer: Json) -> Json:
        """Convert an answer to this form to an answer to the original form."""
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
                # Not a boolean: keep it, so that the check of the answer reports it.
                read[name] = odd[0]
            elif given:
                read[name] = [each.value for each in options if given.get(each.key)]
        return {**answer, "content": read}

    def _spread(
        self, name: str, schema: JsonObject, taken: set[str]
    ) -> Iterator[_Option]:
        """Add one boolean field for each value of a multiple choice."""
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
    """Yield each value that can be chosen, with its title."""
    for value in schema.get("enum", ()):
        yield value, str(value)
    for word in _BY_VALUE:
        for choice in schema.get(word, ()):
            yield choice["const"], choice.get("title", str(choice["const"]))
