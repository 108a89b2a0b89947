"""Parsers: from the text of an option to its value.

Each parser returns the value or raises `ValueError` with the end of a sentence that
begins with the name of the setting: ``must be …``. The message never repeats the text,
which may be a secret in the wrong option.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from ...access.exposure import is_loopback

START_HOUR = 9
"""The hour (UTC) at which a simulation begins if only its day is given."""

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_SIZE = re.compile(r"(\d+)\s*(k|m|g)?(i?b)?", re.IGNORECASE)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NOT_IN_A_URL = re.compile(r'[\x00-\x20\x7f"<>\\^`{|}]')
"""Characters that RFC 3986, section 2, allows in no part of a URL."""
_POWER = {"": 0, "k": 1, "m": 2, "g": 3}


def switch(text: str) -> bool:
    """Parse a boolean: ``true`` or ``false``, ``yes`` or ``no``, ``1`` or ``0`` …"""
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("must be true or false")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return a parser of integers from `least` to `most`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return number

    return read


def start(text: str) -> datetime | None:
    """Parse a time such as ``2026-11-02T14:30:00Z``; ``today`` is ``None``.

    A date means 9:00 on that day; without a time zone a time is in UTC.
    """
    words = text.strip()
    if words.lower() == "today":
        return None
    try:
        moment = datetime.fromisoformat(words)
        if len(words) <= len("2026-11-02"):
            moment = moment.replace(hour=START_HOUR)
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        if not 1980 < utc.year < 2200:
            raise ValueError(utc.year)
    except ValueError:
        raise ValueError(
            "must be today, a date such as 2026-11-02 (which means 9:00 UTC), or a "
            "time such as 2026-11-02T14:30:00Z"
        ) from None
    return utc.astimezone(UTC)


def seconds(text: str) -> float:
    """Parse a duration such as ``1800``, ``30m`` or ``2h`` into seconds."""
    match = _DURATION.fullmatch(text.strip())
    value = float(match[1]) * _SECONDS[match[2] or "s"] if match else 0.0
    if not 1 <= value <= 30 * 86400:
        raise ValueError("must be a duration from 1s to 30d, such as 90s, 30m or 2h")
    return value


def size(text: str) -> int:
    """Parse a size such as ``1048576``, ``512kB`` or ``10MiB`` into bytes."""
    match = _SIZE.fullmatch(text.strip())
    value = 0
    if match:
        base = 1000 if (match[3] or "").lower() == "b" and match[2] else 1024
        value = int(match[1]) * base ** _POWER[(match[2] or "").lower()]
    if not 1024 <= value <= 1 << 30:
        raise ValueError("must be a size from 1kB to 1GiB, such as 10MiB")
    return value


@frozen
class OneOf:
    """A parser that accepts only these words."""

    words: tuple[str, ...]

    def __call__(self, text: str) -> str:
        if text not in self.words:
            raise ValueError(f"must be one of: {', '.join(self.words)}")
        return text


def one_of(*words: str) -> OneOf:
    """Return a parser that accepts only these words."""
    return OneOf(words)


def path(text: str) -> Path:
    """Parse the name of a file or folder; ``~`` is the home folder."""
    if not text or "\0" in text:
        raise ValueError("must be the name of a file")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("must be in the home folder of a known user") from None


def text(text: str) -> str:
    """Parse a text that must not be empty."""
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def domain(text: str) -> str:
    """Parse a domain, such as ``example.com``, in ASCII; capitals make no difference.

    Subdomains are not included: they may belong to others.
    """
    name = text.strip().lower()
    if len(name) > 253 or not _DOMAIN.fullmatch(name):
        raise ValueError("must be a domain, such as example.com")
    return name


def proxy(text: str) -> str:
    """Parse an address or CIDR block, or ``unix`` for clients on a UNIX socket."""
    name = text.strip()
    if name == "unix":
        return name
    try:
        return str(ip_network(name, strict=False))
    except ValueError:
        raise ValueError(
            "must be unix, an address or a CIDR block, such as 10.0.0.0/8"
        ) from None


def names(text: str) -> tuple[str, ...]:
    """Parse a list of names, separated by blanks or commas."""
    words = tuple(filter(None, re.split(r"[\s,]+", text)))
    if not words or any(not re.fullmatch(r"[a-z][a-z0-9_-]*", word) for word in words):
        raise ValueError("must be default, all, or a list of names")
    return words


def origin(text: str) -> str:
    """Parse a web origin: scheme, host and perhaps a port (RFC 6454)."""
    parts = _web_address(text, {"http", "https"})
    if parts is None or parts.path not in {"", "/"} or parts.query:
        raise ValueError("must be an origin, such as https://app.example.com")
    return f"{parts.scheme}://{parts.netloc}".lower()


def public_url(text: str) -> str:
    """Parse the URL under which clients reach the daemon; drop a final slash."""
    parts = _web_address(text, {"http", "https"})
    if parts is None or parts.query:
        raise ValueError("must be a URL, such as https://mcp.example.com")
    return text.strip().rstrip("/")


def web_page(text: str) -> str:
    """Parse the URL of a web page."""
    if _web_address(text, {"http", "https"}) is None:
        raise ValueError("must be a URL, such as https://wiki.example.com/instantly")
    return text.strip()


def endpoint(text: str) -> str:
    """Parse the URL of an MCP endpoint, with any path."""
    if _web_address(text, {"http", "https"}) is None:
        raise ValueError("must be a URL, such as http://127.0.0.1:3000/mcp")
    return text.strip()


def upstream(text: str) -> str:
    """Parse the base URL of the API: https, or http on this machine only."""
    parts = _web_address(text, {"http", "https"})
    if parts is None or parts.path not in {"", "/"} or parts.query:
        raise ValueError("must be scheme and host, such as https://api.instantly.ai")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("must begin with https:// (http:// only for this machine)")
    return f"{parts.scheme}://{parts.netloc}"


def _web_address(text: str, schemes: Collection[str]) -> SplitResult | None:
    # urlsplit accepts blanks in a host, and drops tabs and line breaks anywhere.
    if _NOT_IN_A_URL.search(text.strip()):
        return None
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        return None
    plain = parts.hostname and not parts.fragment and parts.username is None
    if parts.scheme not in schemes or not plain or port == 0:
        return None
    return parts
