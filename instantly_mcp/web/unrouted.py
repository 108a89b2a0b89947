"""Answers what matched no route: a wrong path, or a wrong method for its path."""

from __future__ import annotations

from werkzeug.exceptions import MethodNotAllowed

from ..pipeline.reply import Answer, json_answer
from . import pages
from .interfaces import Facts
from .refusals import Refusal
from .request import McpRequest


def unroutable(error: object, request: McpRequest, facts: Facts) -> Answer:
    """Answer with 405 or 404, in the form of the request's route.

    :param error: of Werkzeug, which found no route.
    """
    mcp, id = request.head.mcp, request.message_id
    # A client that was given our bare address posts to it: tell it what there is.
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
