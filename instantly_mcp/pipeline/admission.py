"""Stage one: may this request come in at all? Origin, Host, and how often.

It decodes nothing and decides nothing about who the caller is: a key only names the
bucket that the request is counted in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import AddressValueError, IPv6Address

from attrs import field, frozen
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from .._credential import Secret
from .credential_sources import CredentialSources
from .exchange import Exchange
from .interfaces import ILedger, IStage
from .origins import Perimeter
from .refusals import rate_exceeded
from .reply import Answer, Outcome, refuse


@implementer(IStage)
@frozen(kw_only=True)
class Admission:
    """Checks the perimeter, then takes a token for the request.

    :param ledger: counts by key, or by address when there is no key. With a limit of
        0 nothing is counted.
    :param wide_ledger: counts all requests of one address, whatever keys they invent.
    :param wall: seconds since the epoch, to tell the client when to come back.
    """

    perimeter: Perimeter
    ledger: ILedger
    wide_ledger: ILedger
    wall: Callable[[], float]
    sources: CredentialSources = field(factory=CredentialSources)
    name: str = "admission"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Let the exchange pass, or refuse it with 403, 421 or 429."""
        error = self.perimeter.refusal(exchange.headers, local=exchange.local)
        if error is not None:
            return succeed(refuse(exchange, error))
        return succeed(self._counted(exchange) or exchange)

    def _counted(self, exchange: Exchange) -> Answer | None:
        if not self.ledger.limit:
            return None
        address = f"address:{_network(exchange.peer)}"
        key = self.sources.last(exchange)
        if key is None:
            return self._take(exchange, self.ledger, address)
        refused = self._take(exchange, self.wide_ledger, address)
        if refused is not None:
            return refused
        return self._take(exchange, self.ledger, f"key:{Secret(key).digest()}")

    def _take(self, exchange: Exchange, ledger: ILedger, key: str) -> Answer | None:
        allowance = ledger.take(key)
        if allowance.granted:
            return None
        wait = allowance.retry_after
        reset = datetime.fromtimestamp(self.wall() + wait, UTC)
        reset_time = reset.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return refuse(exchange, rate_exceeded(ledger.limit, wait, reset_time))


def _network(peer: str) -> str:
    """Return the address; of an IPv6 address the half that names its network.

    Whoever has one IPv6 address usually has the 2**64 beside it.
    """
    if ":" not in peer:
        return peer
    try:
        address = IPv6Address(peer)
    except AddressValueError:
        return peer
    mapped = address.ipv4_mapped
    return f"{int(address) >> 64:x}::/64" if mapped is None else str(mapped)
