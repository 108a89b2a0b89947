"""Keeps a starting daemon from being ended by the signals for a running one.

It imports almost nothing, because it must run before the other imports, which take
about a second.
"""

from __future__ import annotations

import signal

MEANT_FOR_A_DAEMON = tuple(
    signal.Signals[name]
    for name in ("SIGHUP", "SIGUSR1", "SIGUSR2")
    if name in signal.Signals.__members__
)
"""Reload, rotate the log, and one that is not used. By default each ends a process.

Windows has none of them."""


def ignore_signals_until_it_serves() -> None:
    """Ignore these signals: there is nothing to reload or to rotate yet.

    `signals.Signals.listen` installs the handlers of SIGHUP and SIGUSR1.
    """
    for number in MEANT_FOR_A_DAEMON:
        signal.signal(number, signal.SIG_IGN)
