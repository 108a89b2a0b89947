"""Finds attacks of the hostile sandbox that an output has unmarked or uncleaned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from instantly_mcp._json_codec import loads
from instantly_mcp.features.untrusted.cleaning import INVISIBLE
from instantly_mcp.protocol.arguments.fences import FENCE
from instantly_mcp.sandbox.hostile import MARKER, SECRET

SPAN = re.compile(r"<(u\d{3,12})>.*?</\1>", re.DOTALL)
ACTIVE = re.compile(
    rf"!\[|<img[\s/>]|<iframe|<!--|javascript:|data:text|display:none|{SECRET}",
    re.IGNORECASE,
)


def strings_in(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of each string in a value; names have their object's path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for each in value:
            yield from strings_in(each, f"{path}[]")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield path, name
            yield from strings_in(each, f"{path}.{name}".removeprefix("."))


def uncleaned(value: Any) -> list[str]:
    """Return the texts that hide, fetch or execute something."""
    return [
        f"{path}: {text[:200]!r}"
        for path, text in strings_in(value)
        if INVISIBLE.search(text) or ACTIVE.search(text)
    ]


def unfenced(value: Any) -> list[str]:
    """Return the texts that have an attack outside of tags, or tags without a pair."""
    found = []
    for path, text in strings_in(value):
        rest = SPAN.sub("", text)
        if path.split(".")[-1] != "untrusted" and (
            MARKER in rest or FENCE.search(rest)
        ):
            found.append(f"{path}: {text[:300]!r}")
    return found


def unnamed(structured: Any) -> list[str]:
    """Return the texts with an attack that ``untrusted.fields`` does not name."""
    if not isinstance(structured, dict):
        return [text for _, text in strings_in(structured) if MARKER in text]
    fields = structured.get("untrusted", {}).get("fields", ())
    return [
        f"{path}: {text[:200]!r}"
        for path, text in strings_in(structured)
        if MARKER in text and not any(_covers(field, path) for field in fields)
    ]


def _covers(field: str, path: str) -> bool:
    """Return whether a field is the path, or a free-form object around it."""
    return path == field or path.startswith((f"{field}.", f"{field}["))


def leaks_of_tool(result: Any) -> list[str]:
    """Return what is wrong with the result of ``tools/call``, in all of its forms."""
    leaks = []
    for block in result["content"]:
        said = loads(block["text"].encode())
        leaks += uncleaned(said) + unfenced(said)
    structured = result.get("structuredContent")
    if structured is not None:
        leaks += uncleaned(structured) + unnamed(structured)
    return leaks


def leaks_of_text(text: str) -> list[str]:
    """Return what is wrong with the text of a resource or prompt."""
    value = loads(text.encode()) if text.startswith("{") else text
    return uncleaned(value) + unfenced(value)
