"""A digest of the tools that a server lists, to compare two servers."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from .._json_codec import dumps
from ..protocol.primitives.tool import Tool


def hash_of(tools: Sequence[Tool]) -> str:
    """Return 64 hexadecimal digits that are equal for equal names and schemas.

    They do not depend on the order of the tools, nor on titles and descriptions.
    """
    shown = sorted((tool.name, dumps(tool.input_schema).decode()) for tool in tools)
    return sha256(dumps(shown)).hexdigest()
