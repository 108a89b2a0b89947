"""The default of optional callbacks."""

from __future__ import annotations


def noop(*_: object) -> None:
    """Do nothing."""
