"""One call of a simulated operation, and the errors that it can end in.

A behavior takes a world and a `Call` and returns the JSON of the reply, or raises a
`Refusal`.
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
    """A request that was checked against the operation's parameters."""

    path: JsonObject
    query: JsonObject
    body: JsonObject


Behavior: TypeAlias = Callable[[World, Call], Json]


@define(eq=False)
class Refusal(Exception):
    """An error reply, in the API's envelope of three fields.

    :param status: the HTTP status.
    :param retry_after: the value of the ``Retry-After`` header, in seconds.
    """

    status: int
    message: str
    retry_after: float | None = field(default=None, kw_only=True)

    def envelope(self) -> Shown:
        """Return the body of the error reply."""
        return {
            "statusCode": self.status,
            "error": HTTPStatus(self.status).phrase,
            "message": self.message,
        }

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"


def bad_request(message: str) -> Refusal:
    """Return a 400: the request breaks a rule."""
    return Refusal(400, message)


def not_found(what: str) -> Refusal:
    """Return a 404: the workspace has nothing with this id."""
    return Refusal(404, f"{what} not found")
