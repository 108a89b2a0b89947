"""The admission limit's memory: a bounded table of token buckets.

It knows keys and seconds, and nothing of who a key is.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import final

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from ..pipeline.interfaces import Allowance, ILedger

MINUTE = 60.0
MAX_BUCKETS = 20_000

_GRANTED = Allowance(granted=True)


@final
@implementer(ILedger)
class MemoryLedger:
    """Buckets that hold a minute's tokens and refill evenly.

    A bucket is one number: the moment at which it will be full again. So there is no
    window at whose edge two bursts could meet: after a burst of the whole limit one
    message passes each ``60 / limit`` seconds.

    :param limit: messages a minute for one key; 0 grants everything.
    :param max_buckets: keys that are remembered; the one unseen for longest goes
        first, and starts with a full bucket if it comes back.
    """

    def __init__(
        self, limit: int, clock: IReactorTime, max_buckets: int = MAX_BUCKETS
    ) -> None:
        self.limit = limit
        self._clock = clock
        self._max_buckets = max_buckets
        self._interval = MINUTE / limit if limit else 0.0
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, tokens: int = 1) -> Allowance:
        """Take the tokens, or say in how many seconds there will be as many.

        :param tokens: at most `limit`: more than that are never there.
        """
        if not self.limit:
            return _GRANTED
        now = self._clock.seconds()
        full_at = max(self._full_at.get(key, now), now)
        cost = tokens * self._interval
        missing = full_at + cost - now - MINUTE
        # A thousandth of a token, so that rounding never costs a whole one.
        if missing > self._interval / 1000:
            return Allowance(granted=False, retry_after=missing)
        self._full_at[key] = full_at + cost
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._max_buckets:
            self._full_at.popitem(last=False)
        return _GRANTED
