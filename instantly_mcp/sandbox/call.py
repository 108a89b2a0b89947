"""One call of the simulated API, and the ways in which it is refused.

Behaviors take a world and a `Call` and return the JSON reply, or raise a `Refusal`.
They have never seen an HTTP request.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias

from attrs import define, field, frozen

from .._json_codec import Json, JsonObject
from .records import Shown
from .world import World


@frozen(kw_only=True)
class Call:
    """What was asked, already checked against the operation's parameters."""

    path: JsonObject
    query: JsonObject
    body: JsonObject


Behavior: TypeAlias = Callable[[World, Call], Json]


@define(eq=False)
class Refusal(Exception):
    """The API says no, in its envelope of three fields."""

    status: int
    message: str
    retry_after: float | None = field(default=None, kw_only=True)

    def envelope(self) -> Shown:
        """Return the body of the reply."""
        return {
            "statusCode": self.status,
            "error": HTTPStatus(self.status).phrase,
            "message": self.message,
        }

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"


def bad_request(message: str) -> Refusal:
    """The request breaks a rule."""
    return Refusal(400, message)


def not_found(what: str) -> Refusal:
    """The id names nothing in this workspace."""
    return Refusal(404, f"{what} not found")
