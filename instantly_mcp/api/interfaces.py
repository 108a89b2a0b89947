"""The interface of the Instantly client, and those that it needs."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred
from zope.interface import Interface

from .._credential import Credential
from .._json_codec import Json, JsonObject
from ..catalog.operation import Operation
from .grant import Grant


class IInstantly(Interface):
    """Executes operations of the catalog."""

    def execute(
        operation: Operation,
        arguments: JsonObject,
        grant: Grant,
        traceparent: str | None = None,
        until: float | None = None,
    ) -> Deferred[Json]:
        """Call the API, and repeat the call where `retry` allows that.

        Cancelling closes the connection of a call that only reads or is not sent yet.
        A write on the wire goes on; if the same call is made again, it gets the result
        of that write and sends nothing.

        :param arguments: values by the API's own parameter names; ``None`` is sent as
            ``null`` in a body and is left out of a query.
        :param grant: permits this call, and has the credential that it is sent with.
        :param traceparent: the OpenTelemetry context that the call belongs to.
        :param until: clock seconds until which the caller waits; 120 s by default. A
            write that is on the wire goes on after that.
        :returns: the decoded JSON reply, ``None`` for an empty one.
        :raises ApiError: for everything that is not a success, including errors that
            the API reports in a reply with status 2xx. With `Reason.NOT_GRANTED`
            nothing was sent, because the grant does not cover the call.
        """

    def collect(
        operation: Operation, arguments: JsonObject, credential: Credential
    ) -> Deferred[Json] | None:
        """Return the result of the same write, if its caller left it; else ``None``.

        Sends nothing. A result is returned only once.
        """


class IDetached(Interface):
    """Lets the daemon wait for writes when it stops."""

    def track(work: Deferred[object]) -> None:
        """Wait for a write that is on the wire and whose caller has left.

        :param work: fires when the write has ended; never fails.
        """

    def hold(work: Deferred[object]) -> None:
        """Wait for a write that is part of a request or task still under way.

        :param work: fires when the write has ended; never fails.
        """


class ISeconds(Protocol):
    """A monotonic clock. Reactors and ``task.Clock`` provide it."""

    def seconds(self) -> float:
        """Return the current time in seconds from an arbitrary start."""
