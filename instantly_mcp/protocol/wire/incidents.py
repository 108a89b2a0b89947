"""Reports a bug: to the log with its traceback, to the client without details.

A random incident id connects the two. It exists only together with the log entry, so
that the operator finds every id that a client was given.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from twisted.logger import Logger
from twisted.python.failure import Failure

from .errors import ProtocolError, internal_error


def report_bug(
    log: Logger, failure: Failure, what: str, *, status: int = 200, **fields: Any
) -> ProtocolError:
    """Log an unexpected failure, and return the error for the client.

    :param what: a format for the log that says what failed; ``incident`` is appended.
    :param status: the HTTP status of the error.
    :param fields: the values for `what`.
    """
    incident = uuid4().hex[:12]
    log.failure(
        f"{what}, incident {{incident}}", failure=failure, incident=incident, **fields
    )
    return internal_error(incident, status=status)
