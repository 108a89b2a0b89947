"""Stage one: checks Origin and Host, then the rate of messages (admission limit).

A key is not verified here; it only selects the bucket in which the request is counted.
The limit counts messages. A request counts as one until `Decode` finds a batch in it
and charges for the rest (`Admission.charge`).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address

from attrs import field, frozen
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ..._credential import Secret
from ..._times import utc_milliseconds
from ...protocol.wire.errors import ProtocolError
from ..credential_sources import CredentialSources
from ..exchange import Exchange
from ..interfaces import IAdmissionLimit, IStage
from ..origins import OriginPolicy
from ..refusals import WINDOW_SECONDS, batch_too_large, rate_exceeded
from ..replies.reply import Outcome, refuse


@implementer(IStage)
@frozen(kw_only=True)
class Admission:
    """Refuses requests by origin, host and rate.

    :param key_limit: counts by key, or by address when there is no key. With a limit of
        0 nothing is counted.
    :param address_limit: counts all requests of one address, so that a caller cannot
        escape the limit by sending a different key each time.
    :param wall: returns seconds since the epoch, for ``resetTime``.
    """

    origin_policy: OriginPolicy
    key_limit: IAdmissionLimit
    address_limit: IAdmissionLimit
    wall: Callable[[], float]
    sources: CredentialSources = field(factory=CredentialSources)
    name: str = "admission"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Let the exchange pass, or refuse it with 403, 421 or 429."""
        error = self.origin_policy.refusal(exchange.headers, local=exchange.local)
        if error is not None:
            return succeed(refuse(exchange, error))
        error = self._take(exchange, 1) if self.key_limit.limit else None
        return succeed(exchange if error is None else refuse(exchange, error))

    def charge(self, exchange: Exchange, messages: int) -> ProtocolError | None:
        """Count the messages of an admitted batch, all or none of them.

        The first message was counted by `process`, also of a batch that is refused.

        :returns: the error if the batch may not pass.
        """
        limit = self.key_limit.limit
        if not limit or messages <= 1:
            return None
        if messages > limit:
            return batch_too_large(messages, limit)
        return self._take(exchange, messages - 1, again=messages)

    def _take(
        self, exchange: Exchange, tokens: int, again: int = 1
    ) -> ProtocolError | None:
        """Take tokens from each bucket that applies.

        :param again: how many tokens the request needs when it is sent again.
        """
        address = f"address:{network_of(exchange.peer)}"
        key = self.sources.last(exchange)
        if key is None:
            return self._take_from(self.key_limit, address, tokens, again)
        error = self._take_from(self.address_limit, address, tokens, again)
        if error is not None:
            return error
        bucket = f"key:{Secret(key).digest()}"
        return self._take_from(self.key_limit, bucket, tokens, again)

    def _take_from(
        self, limit: IAdmissionLimit, bucket: str, tokens: int, again: int
    ) -> ProtocolError | None:
        allowance = limit.take(bucket, tokens)
        if allowance.granted:
            return None
        wait = allowance.retry_after + (again - tokens) * WINDOW_SECONDS / limit.limit
        reset_time = utc_milliseconds(self.wall() + wait)
        return rate_exceeded(limit.limit, wait, reset_time)


def network_of(peer: str) -> str:
    """Return the address, of an IPv6 address only its /64 network.

    A caller with one IPv6 address usually has all 2**64 addresses of its network.
    """
    if ":" not in peer:
        return peer
    try:
        address = IPv6Address(peer)
    except AddressValueError:
        return peer
    mapped = address.ipv4_mapped
    return f"{int(address) >> 64:x}::/64" if mapped is None else str(mapped)
