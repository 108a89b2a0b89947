"""One call of a simulated operation.

A behavior takes a world and an `OperationCall`. It returns the JSON of the reply or
raises a `SandboxError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import frozen

from .._json_codec import Json, JsonObject
from .world import World


@frozen(kw_only=True)
class OperationCall:
    """A request that was checked against the operation's parameters."""

    path: Mapping[str, str]
    query: JsonObject
    body: JsonObject


Behavior: TypeAlias = Callable[[World, OperationCall], Json]
