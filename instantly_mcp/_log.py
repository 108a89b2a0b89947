"""Log events that are written for each request, at a lower cost than `twisted.logger`.

A class attribute ``log = Logger()`` creates a new `Logger` at each access, and each
call sorts all levels to check its own. That costs more than writing the line.
"""

from __future__ import annotations

from time import time
from typing import final

from twisted.logger import ILogObserver, LogLevel, globalLogPublisher


@final
class Line:
    """One kind of log event, at level info.

    :param namespace: the source, as ``module.Class``.
    :param format: the message in the format of `twisted.logger`.
    """

    __slots__ = ("_constant", "_observer")

    def __init__(
        self,
        namespace: str,
        format: str,
        observer: ILogObserver = globalLogPublisher,
    ) -> None:
        self._observer = observer
        self._constant = {
            "log_level": LogLevel.info,
            "log_namespace": namespace,
            "log_format": format,
        }

    def write(self, **fields: object) -> None:
        """Write an event with these fields."""
        fields.update(self._constant)
        fields["log_time"] = time()
        self._observer(fields)
