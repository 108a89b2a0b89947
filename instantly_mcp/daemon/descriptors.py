"""Room for open files: every connection is one, and the system sets a limit.

It knows the limit of this process and how many connections are wanted. It opens none.
"""

from __future__ import annotations

import resource
from typing import TypeAlias

from attrs import evolve

from ..api.connection import KEPT_CONNECTIONS
from ..web.limits import WebLimits
from .settings import Settings

OTHER_FILES = 64
"""Logs, listening sockets, the reactor's own and whatever libraries open."""

_LIMITS = WebLimits()

BESIDES = _LIMITS.queue + _LIMITS.closing + KEPT_CONNECTIONS + OTHER_FILES
"""Files that may be open besides the connections that are served."""

Limits: TypeAlias = tuple[int, int]
"""The soft and the hard limit of open files."""


def wanted(connections: int, limits: Limits) -> Limits:
    """Return the limits to ask the system for, so that so many can be served."""
    soft, hard = limits
    files = connections + BESIDES
    if _is_enough(soft, files):
        return limits
    return (files if _is_enough(hard, files) else hard), hard


def servable(connections: int, soft: int) -> int:
    """Return how many connections can be served under a soft limit.

    A share is kept for the rest even of a very low one: somebody must be able to ask
    whether the daemon lives.
    """
    if _is_enough(soft, connections + BESIDES):
        return connections
    return min(connections, max(soft - BESIDES, soft // 4, 1))


def within_limits(settings: Settings, limits: Limits) -> Settings:
    """Return the settings with no more connections than there is room for.

    :param limits: as they were when the daemon was started.
    """
    asked = settings.max_connections
    soft, hard = wanted(asked, limits)
    possible = servable(asked, soft)
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


def make_room(settings: Settings) -> Settings:
    """Raise the soft limit of this process as far as needed, and as it may be."""
    limits = current_limits()
    target = wanted(settings.max_connections, limits)
    if target != limits:
        resource.setrlimit(resource.RLIMIT_NOFILE, target)
    return within_limits(settings, limits)


def _is_enough(limit: int, files: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= files
