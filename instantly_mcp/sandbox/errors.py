"""The error replies of the simulated API."""

from __future__ import annotations

from http import HTTPStatus

from attrs import define

from .records import ApiObject


@define(eq=False)
class SandboxError(Exception):
    """An error reply, in the API's envelope of three fields.

    :param status: the HTTP status.
    """

    status: int
    message: str

    def envelope(self) -> ApiObject:
        """Return the body of the error reply."""
        return {
            "statusCode": self.status,
            "error": HTTPStatus(self.status).phrase,
            "message": self.message,
        }

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"


def bad_request(message: str) -> SandboxError:
    """Return a 400: the request breaks a rule."""
    return SandboxError(400, message)


def not_found(what: str) -> SandboxError:
    """Return a 404: the workspace has nothing with this id."""
    return SandboxError(404, f"{what} not found")
