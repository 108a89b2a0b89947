"""The settings of a relay: where the daemon is, the token, which certificates."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen
from twisted.web.iweb import IPolicyForHTTPS

from .._credential import Secret
from .http.address import DaemonAddress
from .http.trust import policy_of
from .problems.problem import Problem, wrong_settings
from .target import BridgeTarget

MAX_TOKEN_BYTES = 65_536

_SENDABLE = re.compile(r"[\x21-\x7e]{1,4096}")
_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,4000}[\x21-\x7e])?")


class UnusableSettings(Exception):
    """A setting cannot be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


@frozen(kw_only=True)
class RelaySettings:
    """Checked settings.

    :param headers: sent with each request.
    :param policy: decides about certificates; ``None`` for plain HTTP.
    :param warning: what the user should know although it was allowed; or empty.
    """

    address: DaemonAddress
    token: Secret | None
    policy: IPolicyForHTTPS | None
    headers: Mapping[str, str]
    warning: str = ""


def read_settings(target: BridgeTarget) -> RelaySettings:
    """Check what the user gave.

    :raises UnusableSettings: with the first mistake. No message repeats a token.
    """
    address = _address(target.url)
    token = _token(target)
    exposed = token and not address.origin.secure and not address.is_loopback
    if exposed and not target.allow_http:
        raise _unusable(
            f"{address.shown} is plain HTTP, so everyone in the network could read "
            "your access token; it was not sent.",
            "Set an address that begins with https://, or ask your admin for one.",
        )
    return RelaySettings(
        address=address,
        token=token,
        policy=_policy(target.ca_file) if address.origin.secure else None,
        headers=_headers(target.headers),
        warning=_EXPOSED.format(address.shown) if exposed else "",
    )


_EXPOSED = (
    "Your access token is sent to {} in plain HTTP: everyone in the network can read "
    "it. Ask your admin for an https:// address."
)


def _address(url: str) -> DaemonAddress:
    try:
        return DaemonAddress.parse(url)
    except ValueError as error:
        raise _unusable(
            f"The address of the server cannot be used: {error}.",
            "Set the address that your admin gave you; it looks like "
            "https://mcp.example.com/mcp.",
        ) from None


def _token(target: BridgeTarget) -> Secret | None:
    if target.token_file is not None:
        return _token_in(target.token_file)
    return None if target.token is None else _checked(target.token)


def _headers(given: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in given.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise _unusable(
                "A header that was set has a character that headers do not have.",
                "Correct its name or its value.",
            )
    return given


def _token_in(path: Path) -> Secret | None:
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            data = file.read(MAX_TOKEN_BYTES)
    except OSError as error:
        raise _unusable(
            f"The file with your access token cannot be read: {error.strerror}.",
            "Set the name of the file that holds the token; you can create it.",
        ) from None
    return _checked(Secret(data.decode("utf-8-sig", "replace")))


def _check_mode(path: Path, mode: int) -> None:
    """Refuse a file that every user of this computer can read, or others can change.

    Windows has no such modes.
    """
    if sys.platform == "win32":
        return
    if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        raise _unusable(
            f"The file with your access token is open to other users "
            f"({stat.S_IMODE(mode):04o}).",
            f"Run: chmod g-w,o= {path}",
        )


def _checked(given: Secret) -> Secret | None:
    """Return the token without white space around it; ``None`` if nothing is left."""
    value = given.reveal().strip()
    if not value:
        return None
    if not _SENDABLE.fullmatch(value):
        raise _unusable(
            "The access token has a space, a line break or another character that "
            "tokens do not have.",
            "Copy the token again, whole and alone.",
        )
    return Secret(value)


def _policy(ca_file: Path | None) -> IPolicyForHTTPS:
    try:
        return policy_of(ca_file)
    except OSError as error:
        why = f"it cannot be read: {error.strerror}"
    except ValueError as error:
        why = str(error)
    raise _unusable(
        f"The CA file {ca_file} cannot be used: {why}.",
        "Ask IT for the file with your company's CA certificate.",
    )


def _unusable(cause: str, step: str) -> UnusableSettings:
    return UnusableSettings(wrong_settings(cause, step))
