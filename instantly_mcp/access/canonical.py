"""Digests of JSON values that are equal for equal values.

What a person agreed to is recognized by such digests: the order of members makes no
difference, nor whether a whole number is written ``1`` or ``1.0``.
"""

from __future__ import annotations

from hashlib import sha256

from .._json_codec import Json, dumps


def digest_of(value: Json) -> str:
    """Return 64 hexadecimal digits that are equal for equal values."""
    return sha256(dumps(_canonical(value))).hexdigest()


def _canonical(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _canonical(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
