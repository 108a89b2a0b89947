"""The permission that each call to Instantly needs.

The client sends nothing without a grant that covers the call. Only `access` makes
grants, and a house rule checks that: what a tool, a prompt or a resource may do does
not depend on its own code.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.python.failure import Failure

from .._credential import Credential
from .._json_codec import Json, JsonObject
from .._noop import always, noop
from ..catalog.operation import Operation


@define(eq=False)
class Grant:
    """Permits an operation with a credential.

    The grant of a write permits exactly one call, with exactly these arguments; that of
    an operation that only reads permits it with any arguments, any number of times.

    :param credential: the credential that the call is sent with.
    :param arguments: those of the write; ``None`` for an operation that only reads.
    :param on_late_end: called with the reply, or the failure, when the write ends after
        its caller has left.
    :param may_go: asked right before each attempt is sent, because calls wait for
        their turn. False means that the operator has switched sending off meanwhile.
    :ivar may_have_acted: whether the write may have taken effect although its call
        failed: its caller left when Instantly might have seen it, an attempt before the
        last one was answered with a server error, or a defect of this server hid the
        answer.
    :ivar goes_on: whether the caller has left a write that Instantly may have seen, so
        that `on_late_end` is called when it ends.
    """

    operation: Operation
    credential: Credential
    arguments: JsonObject | None = field(default=None, repr=False)
    on_late_end: Callable[[Json | Failure], object] = field(default=noop, repr=False)
    may_go: Callable[[], bool] = field(default=always, repr=False)
    may_have_acted: bool = field(default=False, init=False)
    goes_on: bool = field(default=False, init=False)
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
