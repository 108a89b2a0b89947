"""Tells the garbage collector what never becomes garbage. Knows no object of ours."""

from __future__ import annotations

import gc

OLD_THRESHOLD = 50
"""After so many collections of what is not quite young all of it is looked through.

Thousands of idle streams and sessions are some hundred thousand objects, which takes a
tenth of a second; Python's own 10 did it seven times while they were opened.
"""


def keep_what_is_built() -> None:
    """Leave all that exists now out of every later collection.

    A daemon holds some hundred thousand objects from its start to its end. Looking
    through them all held up every request of that moment for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, OLD_THRESHOLD)
