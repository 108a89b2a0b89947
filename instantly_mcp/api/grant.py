"""The permission that each call to Instantly needs.

The client sends nothing without a grant that covers the call. Only `access` makes
grants, and a house rule checks that: what a tool, a prompt or a resource may do does
not depend on its own code.
"""

from __future__ import annotations

from attrs import define, field

from .._credential import Credential
from .._json_codec import JsonObject
from ..catalog.operation import Operation


@define(eq=False)
class Grant:
    """Permits an operation with a credential.

    The grant of a write permits exactly one call, with exactly these arguments; that of
    an operation that only reads permits it with any arguments, any number of times.

    :param credential: the credential that the call is sent with.
    :param arguments: those of the write; ``None`` for an operation that only reads.
    """

    operation: Operation
    credential: Credential
    arguments: JsonObject | None = field(default=None, repr=False)
    _used: bool = field(default=False, init=False)

    def use(self, operation: Operation, arguments: JsonObject) -> bool:
        """Say whether the grant covers a call; a write then uses it up."""
        if operation is not self.operation:
            return False
        if operation.effect.read_only:
            return True
        if self._used or arguments != self.arguments:
            return False
        self._used = True
        return True
