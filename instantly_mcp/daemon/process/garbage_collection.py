"""Tunes Python's garbage collector and the C allocator for a long-running server."""

from __future__ import annotations

import gc

GENERATION_2_THRESHOLD = 50
"""Generation-2 threshold of the collector (Python's default is 10).

Thousands of idle streams and sessions are some hundred thousand objects; a full
collection of them takes a tenth of a second. With the default there are seven full
collections while they are opened.
"""

_LARGE_BLOCK_BYTES = 1 << 20
"""Bytes. Freeing a block of this size raises glibc's dynamic mmap threshold."""


def freeze_startup_objects() -> None:
    """Exclude all objects that exist now from later collections (`gc.freeze`).

    Some hundred thousand objects live as long as the daemon. Collecting them delayed
    every request of that moment by tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    _keep_freed_memory()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, GENERATION_2_THRESHOLD)


def _keep_freed_memory() -> None:
    """Let glibc keep freed memory instead of returning it to the system at once.

    glibc adapts its thresholds to the first large block that is freed (mallopt(3),
    M_MMAP_THRESHOLD). Before that, an answer of 30 kB spends a fifth of its time on
    mapping and unmapping pages. With other C libraries this has no effect.
    """
    bytearray(_LARGE_BLOCK_BYTES)
