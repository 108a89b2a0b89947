"""Commands that took effect and could not be stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..._json_codec import Json


class InEffectError(Exception):
    """A command is in effect in this process, and is lost when the process ends.

    :ivar done: what is in effect, such as ``ada is revoked``.
    :ivar value: the answer that the command would have given.
    :ivar why: why it could not be stored.
    :ivar then: a sentence: what the operator can do.
    """

    def __init__(self, done: str, value: Json, why: str, then: str) -> None:
        super().__init__(done)
        self.done = done
        self.value = value
        self.why = why
        self.then = then


REPEAT = "Repeat the command when the state database can be written again."


@contextmanager
def in_effect(
    done: str, value: Callable[[], Json], then: str = REPEAT
) -> Iterator[None]:
    """Say what is in effect when the change inside cannot be stored.

    :param value: returns the answer of the command.
    :raises InEffectError: in place of an error of the database.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise InEffectError(done, value(), str(error), then) from error
