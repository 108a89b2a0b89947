"""Log lines that are written again and again: `twisted.logger` with less ceremony.

A `Logger` is made anew at each look at it, and sorts all levels to check the one that
it was given. For a line of every request that costs more than writing it.
"""

from __future__ import annotations

from time import time
from typing import final

from twisted.logger import ILogObserver, LogLevel, globalLogPublisher


@final
class Line:
    """One kind of line, at the level of information.

    :param namespace: whose line it is, as ``module.Class``.
    :param format: of its message, in the way of `twisted.logger`.
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
        """Write it, with these fields."""
        fields.update(self._constant)
        fields["log_time"] = time()
        self._observer(fields)
