"""Answers requests that matched no route: a wrong path, or a wrong method for it."""

from __future__ import annotations

from werkzeug.exceptions import MethodNotAllowed

from ..pipeline.reply import Answer, json_answer
from . import pages
from .http.refusals import Refusal
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
        return Refusal(
            status=405,
            error="method_not_allowed",
            message="Method not allowed for this path; see the Allow header",
            mcp=mcp,
            headers=(("Allow", ", ".join(allowed)),),
            id=id,
        ).answer()
    missing = pages.not_found(facts)
    if not mcp:
        return json_answer(404, missing)
    return Refusal(
        status=404,
        error="not_found",
        message="Not found; the endpoints are listed in data",
        mcp=True,
        data={"availableEndpoints": missing["availableEndpoints"]},
        id=id,
    ).answer()
