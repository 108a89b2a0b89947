"""What the rest of the daemon may ask of the Instantly client, and what it needs."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred
from zope.interface import Interface

from .._credential import Credential
from .._json_codec import Json, JsonObject
from ..catalog.operation import Operation


class IInstantly(Interface):
    """One verb: execute an operation of the catalog for a credential."""

    def execute(
        operation: Operation,
        arguments: JsonObject,
        credential: Credential,
        traceparent: str | None = None,
        until: float | None = None,
    ) -> Deferred[Json]:
        """Call the API (an idempotent operation perhaps again), return its value.

        :param arguments: values by the API's own parameter names; ``None`` is sent as
            ``null`` in a body and is left out of a query.
        :param traceparent: the OpenTelemetry context that the call belongs to.
        :param until: clock seconds until which the caller waits, 120 s if not said. A
            write that is on the wire goes on after that.
        :returns: the decoded JSON reply, ``None`` for an empty one.
        :raises ApiError: for everything that is not a success, also an error inside
            a 200. Cancelling closes the connection of a call that only reads, or that
            is not sent yet; a write on the wire is left to finish. The same call gets
            the outcome of a write that was left: it is not sent a second time.
        """

    def collect(
        operation: Operation, arguments: JsonObject, credential: Credential
    ) -> Deferred[Json] | None:
        """Return the outcome of the same write, if its caller left it; else ``None``.

        Sends nothing. An outcome is handed out once.
        """


class IDetached(Interface):
    """Lets the daemon's stop wait for writes."""

    def track(work: Deferred[object]) -> None:
        """Wait for a write that is on the wire and whose caller has left.

        `work` never fails.
        """

    def hold(work: Deferred[object]) -> None:
        """Wait for a write that is a part of what somebody else waits for."""


class ISeconds(Protocol):
    """Seconds that only go forward. Reactors and ``task.Clock`` have them."""

    def seconds(self) -> float:
        """Return the current time in seconds from an arbitrary start."""
