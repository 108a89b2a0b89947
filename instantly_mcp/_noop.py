"""The defaults of optional callbacks."""

from __future__ import annotations


def noop(*_: object) -> None:
    """Do nothing."""


def always(*_: object) -> bool:
    """Say yes."""
    return True
