"""Explains exceptions of the connection."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.defer import TimeoutError as DeferredTimeoutError
from twisted.internet.error import (
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.web.client import ResponseFailed

from ...api.http.bounded_reply import HeadTooLarge, MalformedReply, WireTooLarge
from ...api.http.tls import TlsRefused
from ..http.address import DaemonAddress
from ..http.bodies import BodyTooLarge, StreamSilent
from ..http.certificates import CertificateFacts
from ..http.daemon_http import UnaskedEncoding
from ..http.sse import EventTooLarge
from .problem import Problem, turned_away, unreachable, untrusted

CA_SETTING = "--ca-file"

_TIMEOUTS = (TimeoutError, TCPTimedOutError, DeferredTimeoutError)
_TOO_LARGE = (BodyTooLarge, EventTooLarge, HeadTooLarge, WireTooLarge)


def certificate_error_in(error: BaseException) -> TlsRefused | None:
    """Return why TLS was refused, if that is the cause of an exception."""
    for each in _causes(error):
        if isinstance(each, TlsRefused):
            return each
    return None


def explain(error: BaseException, address: DaemonAddress) -> Problem:
    """Return the problem that an exception of the connection means."""
    shown = address.shown
    for each in _causes(error):
        if isinstance(each, ConnectionRefusedError):
            return _refused(address)
        if isinstance(each, DNSLookupError):
            return _no_such_name(address)
        if isinstance(each, NoRouteError):
            return unreachable(shown, "there is no route to it")
        if isinstance(each, _TIMEOUTS):
            return unreachable(shown, "it did not answer in time")
        if isinstance(each, StreamSilent):
            return unreachable(shown, "the connection went silent")
        if isinstance(each, MalformedReply):
            return _not_http(address)
        if isinstance(each, _TOO_LARGE):
            return _strange(shown, "an answer that is too large")
        if isinstance(each, UnaskedEncoding):
            return _strange(shown, "a compressed answer that was not asked for")
    return _closed(address)


def explain_certificate(
    refused: TlsRefused, facts: CertificateFacts | None, address: DaemonAddress
) -> Problem:
    """Return the problem that a refused certificate means.

    :param facts: what the certificate says, if it could be read.
    """
    why = str(refused)
    if "wrong version number" in why:
        return _no_tls(address)
    if "expired" in why:
        when = "" if facts is None else f" on {facts.ends:%Y-%m-%d}"
        return untrusted(
            f"The certificate of {address.shown} expired{when}.",
            "The admin of that server must renew it; if the date of this computer is "
            "wrong, correct it.",
        )
    if "another host" in why:
        return _other_host(facts, address)
    if "issuer is unknown" in why or "self-signed" in why:
        return _unknown_issuer(facts)
    return untrusted(
        f"A secure connection to {address.shown} is not possible: {why}.",
        "The admin of that server must look at its TLS settings.",
    )


def _unknown_issuer(facts: CertificateFacts | None) -> Problem:
    issuer = ""
    if facts is not None:
        kind = "self-signed" if facts.self_signed else "issuer"
        issuer = f" ({kind}: {facts.issuer})"
    return untrusted(
        f"The server's certificate isn't trusted by this computer{issuer}.",
        f"Ask IT for the CA file and set it in {CA_SETTING}.",
    )


def _other_host(facts: CertificateFacts | None, address: DaemonAddress) -> Problem:
    named = f" It is for {', '.join(facts.names)}." if facts and facts.names else ""
    return untrusted(
        f"The server at {address.shown} shows the certificate of another host.{named}",
        "Check the address with the person who gave it to you.",
    )


def _refused(address: DaemonAddress) -> Problem:
    step = ""
    if address.is_loopback:
        step = "Nothing listens there: start the server on this computer."
    return unreachable(address.shown, "connection refused", step)


def _closed(address: DaemonAddress) -> Problem:
    step = ""
    if not address.origin.secure:
        # A port with TLS does this too when it gets a request in plain HTTP.
        step = (
            "Try again in a minute. If that does not help, ask your admin whether the "
            "address begins with https://."
        )
    return unreachable(address.shown, "the connection was closed", step)


def _no_such_name(address: DaemonAddress) -> Problem:
    return unreachable(
        address.shown,
        "the name cannot be found",
        "Check the spelling of the address. If it is right: are you on the VPN?",
    )


def _no_tls(address: DaemonAddress) -> Problem:
    return turned_away(
        f"{address.shown} does not use TLS.",
        "Ask your admin for the right address: it may begin with http://, or have "
        "another port.",
    )


def _not_http(address: DaemonAddress) -> Problem:
    if not address.origin.secure:
        return turned_away(
            f"{address.shown} does not answer in plain HTTP.",
            "Set an address that begins with https://, or ask your admin for the "
            "right one.",
        )
    return _strange(address.shown, "something that is not HTTP")


def _strange(address: str, what: str) -> Problem:
    return turned_away(
        f"{address} sent {what}.",
        "Check the address; if it is right, your admin must look at what runs there.",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all that caused it."""
    for _ in range(10):
        if error is None:
            return
        yield error
        if isinstance(error, ResponseFailed) and error.reasons:
            error = error.reasons[0].value
        else:
            error = error.__cause__
