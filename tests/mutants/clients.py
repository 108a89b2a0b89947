"""Mutants of the configurations for clients: no secret, no injected command."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

ADDRESS = "clients/address.py"
CLAUDE = "clients/claude.py"

FORMATS = "clients.snippets.test_formats"
SHELL = "clients.snippets.test_shell"

MUTANTS: Sequence[Mutant] = (
    both(
        "An address in a command is one word, whatever it contains",
        "clients/writing.py",
        '    return " ".join(shlex.quote(word) for word in words)',
        '    return " ".join(words)',
        SHELL,
    ),
    both(
        "An address with characters that no URL has is refused",
        ADDRESS,
        "    if not url.isprintable() or _NOT_IN_A_URL.search(url):",
        "    if not url.isprintable():",
        FORMATS,
    ),
    both(
        "A dollar sign in an address is not a variable for clients and shells",
        ADDRESS,
        '.replace("$", "%24")',
        "",
        SHELL,
    ),
    both(
        "A placeholder that was not replaced is recognized by the server",
        ADDRESS,
        '"your-connection-token-here"',
        '"the-connection-token"',
        FORMATS,
    ),
    both(
        "A server with an internal name has no public address",
        ADDRESS,
        'return "." in host and not host.endswith(_INTERNAL_NAMES)',
        'return "." in host',
        FORMATS,
    ),
    both(
        "No argument of mcp-remote has a blank",
        CLAUDE,
        'f"{auth.header}:${{{variable}}}"',
        'f"{auth.header}: ${{{variable}}}"',
        FORMATS,
    ),
    both(
        "mcp-remote is allowed plain HTTP only where it has to be",
        CLAUDE,
        '    if address.is_plain or address.host == "::1":',
        "    if True:",
        FORMATS,
    ),
)
