"""The services of a daemon that serve its operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.application.service import Service

from ...access.approvals.queue import SWEEP_SECONDS
from ..access.books import Books
from ..process.periodic import Periodic
from .socket_service import ControlService
from .subjects import command_table

EXPIRY_SECONDS = 10.0
"""How often tokens that no one presents are checked for expiry."""


def administration(
    reactor: Any, directory: str | None, books: Books
) -> Sequence[Service]:
    """Return the services that keep the records of the operator.

    :param directory: the state directory; ``None`` for no control socket.
    """
    sweep = Periodic(reactor, EXPIRY_SECONDS, books.tokens.sweep, "token sweep")
    approvals = Periodic(
        reactor, SWEEP_SECONDS, books.approvals.sweep, "approval sweep"
    )
    if directory is None:
        return (sweep,)
    return (sweep, approvals, ControlService(reactor, directory, command_table(books)))
