"""Where in its life a connection is. Knows no bytes."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """What the connection waits for."""

    FRESH = "the first byte"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
    ANSWER = "us"
    IDLE = "another request"
    ENDING = "the end"
