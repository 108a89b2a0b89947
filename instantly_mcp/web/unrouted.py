"""Answers requests that matched no route: a wrong path, or a wrong method for it."""

from __future__ import annotations

from werkzeug.exceptions import MethodNotAllowed

from ..pipeline.replies.reply import Answer, json_answer
from ..protocol.wire.errors import INVALID_REQUEST, ProtocolError
from . import documents
from .http.refusals import error_answer
from .http.request import McpRequest
from .interfaces import Facts


def unroutable(error: object, request: McpRequest, facts: Facts) -> Answer:
    """Answer with 405 or 404, in the form that the route uses.

    :param error: Werkzeug's, which found no route.
    """
    mcp, id = request.head.mcp, request.message_id
    # A client that was configured with the server's bare address posts to "/": list the
    # endpoints instead of the methods.
    if isinstance(error, MethodNotAllowed) and request.head.path != "/":
        allowed = sorted({*(error.valid_methods or ()), "OPTIONS"})
        refusal = ProtocolError(
            INVALID_REQUEST,
            "Method not allowed for this path; see the Allow header",
            status=405,
            headers=(("Allow", ", ".join(allowed)),),
        )
        return error_answer(refusal, mcp=mcp, id=id)
    missing = documents.not_found(facts)
    if not mcp:
        return json_answer(404, missing)
    refusal = ProtocolError(
        INVALID_REQUEST,
        "Not found; the endpoints are listed in data",
        {"availableEndpoints": missing["availableEndpoints"]},
        status=404,
    )
    return error_answer(refusal, mcp=True, id=id)
