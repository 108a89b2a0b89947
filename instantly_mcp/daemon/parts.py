"""The parts of a daemon that its service starts and stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory

from .in_flight import InFlight
from .ports import Ports
from .readiness import Readiness


@frozen
class Door:
    """More sockets, for something else."""

    ports: Ports
    factory: IProtocolFactory


class Announcing(Protocol):
    """Tells the world that the daemon listens."""

    def publish(self, urls: Sequence[str]) -> None:
        """It listens at these addresses. May raise ``OSError``."""

    def withdraw(self) -> None:
        """It does not listen any more."""


@frozen(kw_only=True)
class Parts:
    """What the composition root hands to the service.

    :param timers: run while the daemon does, also while it drains.
    :param factory: makes the protocol of each client connection.
    :param side_doors: opened and closed together with the ports, but not announced.
    :param refuse_new: makes every further answer the last of its connection, closes
        those that stay idle, and ends what would never end by itself. Told whether new
        work is to be refused: it is not where all sockets are inherited, because
        whoever was accepted before has no successor to go to.
    :param may_bring_work: says whether a connection that was accepted may still bring a
        request.
    :param give_up_upstream: ends the calls to Instantly; those who wait for them are
        told what is known of each.
    :param give_up_calls: ends and answers the calls that still have not ended.
    :param close_streams: ends every open event stream cleanly.
    :param close_connections: fires when every client connection has been flushed
        and closed.
    :param cut_connections: cuts those that would not close.
    :param close_upstream: closes the connections to Instantly.
    :param reload: reads key files and certificates again, and opens the log file
        again; never raises.
    :param rotate_log: opens the log file again; never raises.
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
    side_doors: Sequence[Door] = ()
