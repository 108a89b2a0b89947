"""Values in Instantly's replies, which may have other types than the API describes."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject


def as_list(value: Json) -> list[Json]:
    """Return a list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_object(value: Json) -> JsonObject:
    """Return an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}
