"""The refusals of the HTTP layer: always JSON, never HTML.

On an MCP route a refusal is a JSON-RPC error, on other routes a plain object. It does
not repeat anything of the request, because a path may hold a key.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from ..._json_codec import Json
from ...pipeline.reply import Answer, json_answer, label_of_refusal

INVALID_REQUEST = -32600
INTERNAL_ERROR = -32603

_MCP_PREFIXES = ("/mcp", "/sse", "/messages")


def is_mcp_path(path: str) -> bool:
    """Say whether an error on this path must be a JSON-RPC error."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return f"/{first}" in _MCP_PREFIXES


@frozen(kw_only=True)
class Refusal:
    """A request that was refused before the pipeline.

    :param error: a short constant word for programs.
    :param message: a sentence for people.
    :param mcp: the request was for an MCP route.
    :param id: of the JSON-RPC request, if its body was read.
    """

    status: int
    error: str
    message: str
    mcp: bool = False
    code: int = INVALID_REQUEST
    headers: Sequence[tuple[str, str]] = ()
    data: Json = None
    id: Json = None

    def answer(self) -> Answer:
        """Return the refusal as a complete answer."""
        if not self.mcp:
            body: dict[str, Json] = {"error": self.error, "message": self.message}
            if self.data is not None:
                body.update(self.data)
            return self._labelled(json_answer(self.status, body, self.headers))
        error: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        said: dict[str, Json] = {"jsonrpc": "2.0"}
        if self.id is not None:
            said["id"] = self.id
        whole = {**said, "error": error}
        return self._labelled(json_answer(self.status, whole, self.headers))

    def _labelled(self, answer: Answer) -> Answer:
        reason = label_of_refusal(self.status, self.data)
        return answer if reason is None else evolve(answer, reason=reason)


def malformed(why: str, *, mcp: bool = False, id: Json = None) -> Refusal:
    """The bytes are not an HTTP/1.1 request, or could be framed in two ways."""
    return Refusal(
        status=400, error="bad_request", message=f"Bad request: {why}", mcp=mcp, id=id
    )


def body_too_large(limit: int, *, mcp: bool) -> Refusal:
    """The body is over the limit."""
    return Refusal(
        status=413,
        error="payload_too_large",
        message=f"The body is larger than {limit} bytes",
        mcp=mcp,
    )


def encoded_body(*, mcp: bool) -> Refusal:
    """The body is compressed. It is not decoded, because it could grow to any size."""
    return Refusal(
        status=415,
        error="unsupported_media_type",
        message="Content-Encoding is not supported: send the body uncompressed",
        mcp=mcp,
        headers=(("Accept-Encoding", "identity"),),
    )


def head_too_large(why: str, *, mcp: bool = False) -> Refusal:
    """There are too many header lines, or too long ones."""
    return Refusal(status=431, error="header_fields_too_large", message=why, mcp=mcp)


def target_too_long(limit: int) -> Refusal:
    """The path and query are over the limit."""
    return Refusal(
        status=414,
        error="uri_too_long",
        message=f"The request target is longer than {limit} bytes",
    )


def too_slow(what: str, *, mcp: bool = False) -> Refusal:
    """The request did not arrive in time."""
    return Refusal(
        status=408,
        error="request_timeout",
        message=f"The {what} did not arrive in time",
        mcp=mcp,
    )


def too_busy(*, mcp: bool = False) -> Refusal:
    """The limit of connections, or of request bodies in memory, is reached."""
    return Refusal(
        status=503,
        error="too_busy",
        message="The server is too busy for this request; try again in a few seconds",
        mcp=mcp,
        code=INTERNAL_ERROR,
        headers=(("Retry-After", "2"),),
    )


def incident(name: str, *, mcp: bool, id: Json = None) -> Refusal:
    """An unexpected exception, which is logged with the incident id `name`."""
    return Refusal(
        status=500,
        error="internal_error",
        message="Internal error: see the incident id in the server log.",
        mcp=mcp,
        code=INTERNAL_ERROR,
        data={"incident": name},
        id=id,
    )
