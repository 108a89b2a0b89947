"""Signals that must not end a daemon that still starts.

Imports next to nothing: it runs before the second that all other imports take.
"""

from __future__ import annotations

import signal

MEANT_FOR_A_DAEMON = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Reload, rotate the log, and one that has no meaning here. Unless told otherwise the
system ends a process that gets one of them."""


def ignore_signals_until_it_serves() -> None:
    """Ignore them: there is nothing to reload or to rotate yet.

    `signals.Signals.listen` gives the first two their meaning.
    """
    for number in MEANT_FOR_A_DAEMON:
        signal.signal(number, signal.SIG_IGN)
