"""Tool calls that an identical request may join, because their answer was not read.

In the legacy era a client that leaves does not cancel its call. When it sends the same
call again it must get the result of the first one: executed a second time, a write
would be done twice. A call whose answer reached its client is never joined.

A call that was cancelled has no answer to join. If it had a write on the wire, the
result of that is in ``api.left_writes``, whose head compares both.
"""

from __future__ import annotations

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, succeed

from ..._json_codec import JsonObject
from ..._rights import ALL_RIGHTS, Rights
from ...protocol.wire.jsonrpc import Id, Request, Response

TOOL_CALL = "tools/call"


@define(eq=False)
class OpenCall:
    """One tool call of a session, and the requests that joined it.

    :param request: the request that started the call.
    :param rights: those of its caller; a request with others does not join it.
    :param reads: the tool only reads.
    :ivar response: the answer, once there is one.
    """

    request: Request
    rights: Rights = ALL_RIGHTS
    reads: bool = False
    response: Response | None = field(default=None, init=False)
    _waiters: list[tuple[Id, Deferred[Response | None]]] = field(
        factory=list, init=False
    )

    def is_for(self, request: Request) -> bool:
        """Say whether a request has the same tool and arguments as this call."""
        own, other = self.request.params, request.params
        return _asked(own) == _asked(other)

    def join(self, request: Request) -> Deferred[Response | None]:
        """Return the answer with the id of `request`. Cancelling only stops waiting."""
        if self.response is not None:
            return succeed(evolve(self.response, id=request.id))

        def leave(waiter: Deferred[Response | None]) -> None:
            self._waiters.remove(entry)

        waiter: Deferred[Response | None] = Deferred(leave)
        entry = (request.id, waiter)
        self._waiters.append(entry)
        return waiter

    def answered(self, response: Response | None) -> bool:
        """Give the answer to the requests that joined; say whether there were any."""
        self.response = response
        waiters, self._waiters = self._waiters, []
        for id, waiter in waiters:
            waiter.callback(None if response is None else evolve(response, id=id))
        return bool(waiters)


def _asked(params: JsonObject) -> tuple[object, object]:
    return params.get("name"), params.get("arguments") or {}
