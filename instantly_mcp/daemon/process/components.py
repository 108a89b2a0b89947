"""The components that `service.DaemonService` starts and stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IProtocolFactory

from ..sockets.ports import Ports
from .in_flight import InFlight
from .readiness import Readiness


@frozen
class SocketListener:
    """Sockets, and the factory that serves their connections."""

    ports: Ports
    factory: IProtocolFactory


class Announcer(Protocol):
    """Is notified when the daemon begins and ends to listen."""

    def publish(self, urls: Sequence[str]) -> None:
        """Announce that the daemon listens at these addresses.

        :raises OSError: when the announcement cannot be written.
        """

    def withdraw(self) -> None:
        """Withdraw the announcement: the daemon stops."""


def _succeed() -> Deferred[None]:
    return succeed(None)


@frozen(kw_only=True)
class Components:
    """The components of a daemon, as callables where the service needs only one.

    :param ports: the sockets that are announced.
    :param factory: makes the protocol of each client connection on `ports`.
    :param timers: services that run as long as the daemon, also while it drains.
    :param extra_listeners: more sockets, opened with `ports` but not announced.
    :param refuse_new: begins to drain: closes idle connections, closes the others after
        their next response, and ends calls that only wait for events. Its argument says
        whether to refuse new requests. They are served when all sockets are inherited,
        because a client on an accepted connection cannot reach the next process.
    :param may_bring_work: returns whether an accepted connection may still bring a
        request.
    :param give_up_upstream: ends the calls to Instantly; each waiting MCP call is
        answered with what is known of its outcome.
    :param give_up_calls: cancels and answers the calls that are still in flight.
    :param close_streams: ends every open event stream.
    :param close_connections: fires when every client connection is flushed and closed.
    :param cut_connections: aborts the connections that did not close.
    :param close_upstream: closes the connections to Instantly.
    :param open_state: called when the reactor runs; the daemon is ready after it.
    :param close_state: the last step of a stop.
    :param reload: reads key files and certificates again, and opens the log file
        again; never raises.
    :param rotate_log: opens the log file and the audit file again; never raises.
    """

    ports: Ports
    factory: IProtocolFactory
    readiness: Readiness
    in_flight: InFlight
    timers: Sequence[Service]
    refuse_new: Callable[[bool], object]
    may_bring_work: Callable[[], bool]
    give_up_upstream: Callable[[], object]
    give_up_calls: Callable[[], object]
    close_streams: Callable[[], object]
    close_connections: Callable[[], Deferred[None]]
    cut_connections: Callable[[], object]
    close_upstream: Callable[[], Deferred[None]]
    reload: Callable[[], None]
    rotate_log: Callable[[], None]
    open_state: Callable[[], Deferred[None]] = _succeed
    close_state: Callable[[], Deferred[None]] = _succeed
    extra_listeners: Sequence[SocketListener] = ()
