"""Mutants of the pages: who sees what, and what is never shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .mutant import Mutant, mutant

both = partial(mutant, "both")

SITE = "web/pages/site_pages.py"
INTAKE = "web/intake.py"

ROUTES = "web.test_page_routes"
DAEMON = "daemon.test_pages"

MUTANTS: Sequence[Mutant] = (
    both(
        "The status is for the operator only",
        SITE,
        "        if not request.operator or self.report is None:",
        "        if self.report is None:",
        ROUTES,
    ),
    both(
        "A request that came through a proxy does not count as local",
        INTAKE,
        'HTTP/1.1" or proxy_header(headers) is not None:',
        'HTTP/1.1":',
        ROUTES,
    ),
    both(
        "A request over HTTP/1.0 does not count as local",
        INTAKE,
        'if request.clientproto != b"HTTP/1.1" or proxy',
        "if proxy",
        ROUTES,
    ),
    both(
        "A request from another machine does not count as local",
        INTAKE,
        "    if address is None or not address.is_loopback:",
        "    if address is None:",
        ROUTES,
    ),
    both(
        "A caller sees only the client that used the same credential",
        SITE,
        "self.last_client(request.principal)",
        "self.last_client(None)",
        ROUTES,
    ),
    both(
        "A stranger does not see an address of the internal network",
        "web/pages/address.py",
        " or (internal and not known):",
        ":",
        "web.pages.test_connect",
    ),
    both(
        "A secret that a client states as its name is not shown",
        "daemon/observation/callers.py",
        "client=self.redact(found.client)",
        "client=found.client",
        DAEMON,
    ),
    both(
        "The tests of the stream are limited in number",
        "web/stream_check.py",
        "        if self.open < MAX_OPEN:",
        "        if True:",
        ROUTES,
    ),
)
