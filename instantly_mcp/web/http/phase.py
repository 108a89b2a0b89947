"""The phases of an HTTP connection."""

from __future__ import annotations

from enum import Enum


class ConnectionPhase(Enum):
    """The phases, with what a connection waits for in each."""

    FRESH = "the first byte"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
    ANSWER = "the end of the answer"
    IDLE = "another request"
    ENDING = "its close"
