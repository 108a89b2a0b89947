"""The admission limit: a bounded table of token buckets, one for each client."""

from __future__ import annotations

from collections import OrderedDict
from typing import final

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from ..pipeline.interfaces import Allowance, IAdmissionLimit

_MINUTE_SECONDS = 60.0
MAX_BUCKETS = 20_000

_GRANTED = Allowance(granted=True)


@final
@implementer(IAdmissionLimit)
class TokenBuckets:
    """Token buckets that hold the tokens of one minute and refill at a constant rate.

    A bucket is stored as one number: the time at which it will be full again. After a
    burst of the whole limit, one message is granted every ``60 / limit`` seconds.

    :param limit: messages per minute for one bucket; 0 grants everything.
    :param max_buckets: number of buckets that are kept. The least recently used one
        is forgotten first; if it comes back, it starts with a full bucket.
    """

    def __init__(
        self, limit: int, clock: IReactorTime, max_buckets: int = MAX_BUCKETS
    ) -> None:
        self.limit = limit
        self._clock = clock
        self._max_buckets = max_buckets
        self._interval = _MINUTE_SECONDS / limit if limit else 0.0
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, tokens: int = 1) -> Allowance:
        """Take tokens, or return after how many seconds there will be enough.

        :param tokens: at most `limit`: a bucket never holds more.
        """
        if not self.limit:
            return _GRANTED
        now = self._clock.seconds()
        full_at = max(self._full_at.get(key, now), now)
        cost = tokens * self._interval
        missing = full_at + cost - now - _MINUTE_SECONDS
        # Tolerance of a thousandth of a token, so that rounding errors cost none.
        if missing > self._interval / 1000:
            return Allowance(granted=False, retry_after=missing)
        self._full_at[key] = full_at + cost
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._max_buckets:
            self._full_at.popitem(last=False)
        return _GRANTED
