"""Raises the limit of open files (RLIMIT_NOFILE) as far as the connections need it.

Each connection uses one file descriptor. Where the hard limit is too low, the daemon
serves fewer connections and logs a warning.
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import evolve

from ...api.http.connection import KEPT_CONNECTIONS
from ...web.http.limits import WebLimits
from ..settings.settings import Settings

try:
    import resource
except ImportError:
    # Windows. No daemon runs there, but `instantly-mcp stdio` imports this module.
    resource = None  # type: ignore[assignment]

OTHER_FILES = 64
"""Descriptors for logs, listening sockets, the reactor and libraries."""

_LIMITS = WebLimits()

RESERVED_FILES = (
    _LIMITS.crowded_connections
    + _LIMITS.closing_connections
    + KEPT_CONNECTIONS
    + OTHER_FILES
)
"""Descriptors in use besides those of the connections that are served."""

Limits: TypeAlias = tuple[int, int]
"""The soft and the hard limit of open files."""


def needed_limits(connections: int, limits: Limits) -> Limits:
    """Return the limits that serving so many connections needs."""
    soft, hard = limits
    files = connections + RESERVED_FILES
    if _is_enough(soft, files):
        return limits
    return (files if _is_enough(hard, files) else hard), hard


def servable_connections(connections: int, soft: int) -> int:
    """Return how many connections can be served under a soft limit.

    At least a quarter of even a very low limit is for connections, so that health
    probes are answered.
    """
    if _is_enough(soft, connections + RESERVED_FILES):
        return connections
    return min(connections, max(soft - RESERVED_FILES, soft // 4, 1))


def within_limits(settings: Settings, limits: Limits) -> Settings:
    """Return the settings with `max_connections` lowered to what the limits allow.

    :param limits: the limits with which the process was started.
    """
    asked = settings.max_connections
    soft, hard = needed_limits(asked, limits)
    possible = servable_connections(asked, soft)
    if possible == asked:
        return settings
    line = (
        f"IMCP-FILES max_connections is {asked}, but with at most {hard} open files"
        f" only {possible} can be served: raise the limit (ulimit -Hn, LimitNOFILE)"
    )
    warnings = (*settings.warnings, line)
    return evolve(settings, max_connections=possible, warnings=warnings)


def current_limits() -> Limits:
    """Return the limits of this process."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def raise_file_limit(settings: Settings) -> Settings:
    """Raise the soft limit of this process as far as needed and allowed.

    :returns: the settings with the number of connections that can be served.
    """
    limits = current_limits()
    target = needed_limits(settings.max_connections, limits)
    if target != limits:
        resource.setrlimit(resource.RLIMIT_NOFILE, target)
    return within_limits(settings, limits)


def _is_enough(limit: int, files: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= files
