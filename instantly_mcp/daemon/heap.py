"""Tells the garbage collector what never becomes garbage. Knows no object of ours."""

from __future__ import annotations

import gc

OLD_THRESHOLD = 50
"""After so many collections of what is not quite young all of it is looked through.

Thousands of idle streams and sessions are some hundred thousand objects, and a look at
them takes a tenth of a second. Python's own 10 takes seven while they are opened.
"""

_ROOM = 1 << 20
"""Bytes in one piece; the C library then keeps twice as many for what comes next."""


def keep_what_is_built() -> None:
    """Leave all that exists now out of every later collection.

    A daemon holds some hundred thousand objects from its start to its end. Looking
    through them all held up every request of that moment for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    _keep_room()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, OLD_THRESHOLD)


def _keep_room() -> None:
    """Have the C library keep some free memory instead of giving all of it back.

    glibc learns from the first large block that is freed how much is worth keeping.
    Before that, an answer of some 30 kB spends a fifth of its time on taking pages from
    the system and giving them back. Elsewhere this does nothing.
    """
    bytearray(_ROOM)
