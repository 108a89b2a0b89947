"""Classifies the exceptions of the connection by what they mean for a call."""

from __future__ import annotations

from enum import Enum

from attrs import frozen
from twisted.internet.error import (
    ConnectError,
    ConnectionClosed,
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.web.client import (  # type: ignore[attr-defined]
    RequestGenerationFailed,
    RequestNotSent,
    RequestTransmissionFailed,
    ResponseFailed,
)

from .bounded_reply import MAX_HEAD_BYTES, HeadTooLarge, MalformedReply, WireTooLarge
from .exchange import GarbledReply, ReplyTooLarge
from .tls import TlsRefused


class ConnectionProblem(Enum):
    """What went wrong with a connection, as far as calls treat it differently."""

    NO_CONNECTION = "no connection"
    CONNECT_TIMEOUT = "connect timeout"
    UNTRUSTED = "untrusted"
    BROKEN = "broken"
    TOO_LARGE = "too large"
    GARBLED = "garbled"


@frozen
class Diagnosis:
    """The class of a connection error.

    :param words: a constant text for the error message; quotes nothing.
    """

    problem: ConnectionProblem
    words: str = ""


def diagnose(error: Exception) -> Diagnosis | None:
    """Classify an exception; ``None`` if it is not a connection error but a bug."""
    if isinstance(error, ReplyTooLarge):
        return Diagnosis(ConnectionProblem.TOO_LARGE)
    if isinstance(error, GarbledReply):
        return Diagnosis(ConnectionProblem.GARBLED, str(error))
    if isinstance(error, ResponseFailed):
        return _unread(error.reasons[0].value)
    if isinstance(error, TlsRefused):
        return Diagnosis(ConnectionProblem.UNTRUSTED, str(error))
    if isinstance(error, TimeoutError | TCPTimedOutError):
        return Diagnosis(ConnectionProblem.CONNECT_TIMEOUT)
    if isinstance(error, _AFTER_CONNECTING):
        return Diagnosis(ConnectionProblem.BROKEN)
    for kind, words in _CONNECT_WORDS:
        if isinstance(error, kind):
            return Diagnosis(ConnectionProblem.NO_CONNECTION, words)
    return None


def _unread(reason: BaseException | None) -> Diagnosis:
    """Classify the reason why a reply could not be read to its end."""
    if isinstance(reason, HeadTooLarge):
        words = f"its headers are larger than {MAX_HEAD_BYTES // 1024} kB"
        return Diagnosis(ConnectionProblem.GARBLED, words)
    if isinstance(reason, WireTooLarge):
        return Diagnosis(ConnectionProblem.TOO_LARGE)
    if isinstance(reason, MalformedReply):
        return Diagnosis(ConnectionProblem.GARBLED, str(reason))
    return Diagnosis(ConnectionProblem.BROKEN)


_AFTER_CONNECTING = (
    RequestTransmissionFailed,
    RequestGenerationFailed,
    ConnectionClosed,
)

_CONNECT_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionRefusedError, "connect refused"),
    (DNSLookupError, "its host name cannot be resolved"),
    (NoRouteError, "no route to it"),
    (ConnectError, "no connection"),
    (RequestNotSent, "the connection was closed"),
    (OSError, "no connection"),
)
