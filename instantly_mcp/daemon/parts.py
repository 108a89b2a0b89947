"""The parts of a daemon that its service starts and stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen
from twisted.internet.defer import Deferred

from .in_flight import InFlight
from .periodic import Periodic
from .ports import Ports
from .readiness import Readiness


@frozen(kw_only=True)
class Parts:
    """What the composition root hands to the service.

    :param close_streams: ends every open event stream cleanly.
    :param close_connections: fires when every client connection has been flushed
        and closed.
    :param close_upstream: closes the connections to Instantly.
    :param reload: reads key files and the log file anew; never raises.
    """

    ports: Ports
    readiness: Readiness
    in_flight: InFlight
    timers: Sequence[Periodic]
    close_streams: Callable[[], object]
    close_connections: Callable[[], Deferred[object]]
    close_upstream: Callable[[], Deferred[object]]
    reload: Callable[[], None]
