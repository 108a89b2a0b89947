"""The CORS headers: which scripts in a browser may read the server's answers.

Whether a request is executed is decided elsewhere, by the guard and by `Admission`.
"""

from __future__ import annotations

import re

from attrs import define, evolve

from ..pipeline.exchange import Headers
from ..pipeline.refusals import origin_refused
from ..pipeline.replies.reply import Answer, HeaderPairs
from .http.refusals import error_answer
from .interfaces import AllowedOrigin

METHODS = "GET, POST, DELETE, OPTIONS"
EXPOSED = "Mcp-Session-Id, WWW-Authenticate, Retry-After, Mcp-Protocol-Version"
MAX_AGE_SECONDS = "600"

REQUEST_HEADERS = (
    "Content-Type",
    "Accept",
    "Authorization",
    "x-api-key",
    "x-instantly-api-key",
    "x-as-workspace",
    "Mcp-Session-Id",
    "Mcp-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "Last-Event-ID",
    "X-Requested-With",
)
_FAMILY = re.compile(r"(?:mcp-param|x-mcp)-[0-9a-z_-]{1,100}", re.I).fullmatch
_MAX_ASKED_HEADERS = 100


@define(eq=False)
class Cors:
    """Allows origins that are on the list one by one, never with a wildcard.

    :param allowed_origin: says whether an origin is on the list.
    """

    allowed_origin: AllowedOrigin

    def headers(self, request_headers: Headers) -> HeaderPairs:
        """Return the CORS headers for the answer to an ordinary request."""
        origins = request_headers.all("origin")
        if not origins:
            return ()
        origin = origins[0]
        if len(origins) > 1 or not self.allowed_origin(origin):
            return (("Vary", "Origin"),)
        return (
            ("Access-Control-Allow-Origin", origin),
            ("Vary", "Origin"),
            ("Access-Control-Expose-Headers", EXPOSED),
        )

    def preflight(self, request_headers: Headers) -> Answer:
        """Answer an OPTIONS request."""
        origin = request_headers.get("origin")
        if origin is None:
            return Answer(status=204, headers=(("Allow", METHODS),))
        if not self.allowed_origin(origin):
            error = evolve(origin_refused(), headers=(("Vary", "Origin"),))
            return error_answer(error, mcp=False)
        asked = request_headers.get("access-control-request-headers") or ""
        return Answer(
            status=204,
            headers=(
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Methods", METHODS),
                ("Access-Control-Allow-Headers", _granted(asked)),
                ("Access-Control-Max-Age", MAX_AGE_SECONDS),
                ("Vary", "Origin, Access-Control-Request-Headers"),
            ),
        )


def _granted(asked: str) -> str:
    """Return the fixed header names, and the requested ones that match `_FAMILY`.

    CORS cannot allow a prefix, so the names of a family are allowed one by one.
    """
    names = [name.strip() for name in asked.split(",")[:_MAX_ASKED_HEADERS]]
    family = [name for name in names if _FAMILY(name)]
    return ", ".join((*REQUEST_HEADERS, *family))
