"""Tool calls that an identical one may join, because their answer was not read.

In the session eras a client that leaves does not cancel its call. It asks again, and
must get the result of the call that went on: executed a second time, a write would be
done twice. A call whose answer reached its client is never joined.
"""

from __future__ import annotations

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, succeed

from .._json import JsonObject
from ..protocol.wire.jsonrpc import Id, Request, Response

TOOL_CALL = "tools/call"


@define(eq=False)
class OpenCall:
    """One tool call of a session, and who waits for its answer besides its client.

    :param request: what was asked.
    :param reads: the tool only reads.
    """

    request: Request
    reads: bool = False
    response: Response | None = field(default=None, init=False)
    _waiters: list[tuple[Id, Deferred[Response | None]]] = field(
        factory=list, init=False
    )

    def is_for(self, request: Request) -> bool:
        """Say whether a request asks for the same; id and ``_meta`` may differ."""
        own, other = self.request.params, request.params
        return _asked(own) == _asked(other)

    def join(self, request: Request) -> Deferred[Response | None]:
        """Return the answer as that to `request`. Cancelling it only stops waiting."""
        if self.response is not None:
            return succeed(evolve(self.response, id=request.id))

        def leave(waiter: Deferred[Response | None]) -> None:
            self._waiters.remove(entry)

        waiter: Deferred[Response | None] = Deferred(leave)
        entry = (request.id, waiter)
        self._waiters.append(entry)
        return waiter

    def answered(self, response: Response | None) -> bool:
        """Give the answer to those who joined; say whether there were any."""
        self.response = response
        waiters, self._waiters = self._waiters, []
        for id, waiter in waiters:
            waiter.callback(None if response is None else evolve(response, id=id))
        return bool(waiters)


def _asked(params: JsonObject) -> tuple[object, object]:
    return params.get("name"), params.get("arguments") or {}
