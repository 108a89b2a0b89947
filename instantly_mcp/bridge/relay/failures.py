"""Turns what an attempt raised into one value: the problem, and what may be done."""

from __future__ import annotations

from attrs import frozen

from ..._json_codec import JsonObject
from ..http.daemon_http import AnswerLost
from ..problems.problem import Problem, turned_away
from .legacy import HandshakeRefused
from .posting import FAILURES, Posting
from .replies import Overloaded

REPORTED = (*FAILURES, HandshakeRefused)
"""Everything that an attempt with a session may raise."""


@frozen(kw_only=True)
class Failed:
    """An attempt failed.

    :param in_doubt: the daemon may have carried the request out.
    :param reply: the daemon's own error for the client, if it sent one.
    :param is_lost: the daemon cannot be used; not if it only limits the client.
    :param retry_after: the pause that the daemon asks for, in seconds.
    """

    problem: Problem
    in_doubt: bool
    reply: JsonObject | None = None
    is_lost: bool = True
    retry_after: float = 0.0


async def failed(error: BaseException, posting: Posting) -> Failed:
    """Return what one of `REPORTED` means."""
    if isinstance(error, HandshakeRefused):
        address = posting.http.address.shown
        problem = turned_away(
            f"{address} does not agree to the handshake any more.",
            "Restart this MCP client. If that does not help, tell your admin.",
        )
        return Failed(problem=problem, in_doubt=False)
    problem = await posting.problem_of(error)
    if isinstance(error, Overloaded):
        return Failed(
            problem=problem,
            in_doubt=not error.is_limit,
            reply=error.reply,
            is_lost=not error.is_limit,
            retry_after=error.retry_after,
        )
    return Failed(problem=problem, in_doubt=isinstance(error, AnswerLost))
