"""Addresses as users and attackers write them."""

from __future__ import annotations

import string

from hypothesis import strategies
from hypothesis.strategies import SearchStrategy

_ALLOWED = string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%"
"""What RFC 3986, section 2, allows in a URL; shells give half of it a meaning."""

_ATTEMPTS = (
    "$(touch canary)",
    "';touch${IFS}canary;'",
    "$(touch%20canary)",
    "';touch\tcanary;'",
    "&touch&canary&",
    "$INSTANTLY_TOKEN",
    "\"+__import__('os').system('touch canary')+\"",
    "EOF",
)


def urls() -> SearchStrategy[str]:
    """Return addresses that a client can be given."""
    rest = strategies.text(_ALLOWED + "é", max_size=20)
    return strategies.builds("https://a.example/mcp?{}".format, rest)


def any_urls() -> SearchStrategy[str]:
    """Return addresses of all kinds, most of which are refused."""
    rest = strategies.one_of(
        strategies.text(max_size=20),
        strategies.lists(
            strategies.one_of(
                strategies.sampled_from(_ATTEMPTS), strategies.text(_ALLOWED)
            ),
            max_size=3,
        ).map("".join),
    )
    return strategies.builds("https://a.example/mcp?{}".format, rest)
