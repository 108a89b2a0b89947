"""Resources: listing, reading, and the legacy subscriptions, once for every era."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred

from .._json import Json, JsonObject
from .calling import call_for, run_call
from .errors import (
    ProtocolError,
    invalid_params,
    key_required,
    resource_not_found,
)
from .offer import Offer, Result, Turn
from .resource import Contents, Resource, ResourceTemplate
from .subscriptions import MAX_URI, MAX_URIS
from .versions import Revision


def list_resources(offer: Offer, turn: Turn) -> Result:
    """``resources/list``."""
    return offer.listing.page(
        "resources",
        offer.shelf.resources(),
        turn.caller.revision,
        turn.params.get("cursor"),
        _describe,
    )


def list_templates(offer: Offer, turn: Turn) -> Result:
    """``resources/templates/list``."""
    return offer.listing.page(
        "resourceTemplates",
        offer.shelf.templates(),
        turn.caller.revision,
        turn.params.get("cursor"),
        _describe,
    )


def read_resource(offer: Offer, turn: Turn) -> Deferred[Result]:
    """``resources/read``. An unknown URI is an error, never empty contents."""
    uri = _uri(turn.params)
    found = offer.shelf.find(uri)
    if found is None:
        raise not_found(uri, turn.caller.revision)
    described = found.described
    if described.needs_credential and turn.caller.credential is None:
        raise key_required()
    call = call_for(offer, turn)

    def written(contents: Sequence[Contents]) -> Result:
        result: dict[str, Json] = {"contents": [each.as_object() for each in contents]}
        if turn.caller.revision.modern:
            result["ttlMs"] = 0 if described.private else described.ttl_ms
            result["cacheScope"] = "private" if described.private else "public"
        return result

    reading = run_call(call, described.read, uri, found.values, call)
    return reading.addCallback(written)


def subscribe(offer: Offer, turn: Turn) -> Result:
    """``resources/subscribe``: remembered by the session, if there is one.

    :raises ProtocolError: for a URI that nothing serves, or too many of them.
    """
    uri = _uri(turn.params)
    if offer.shelf.find(uri) is None:
        raise not_found(uri, turn.caller.revision)
    session = turn.caller.session
    if session is not None:
        held = session.subscriptions
        if uri not in held and len(held) >= MAX_URIS:
            raise invalid_params(f"a session watches at most {MAX_URIS} resources")
        held.add(uri)
    return {}


def unsubscribe(offer: Offer, turn: Turn) -> Result:
    """``resources/unsubscribe``: asking twice is no error."""
    uri = _uri(turn.params)
    if turn.caller.session is not None:
        turn.caller.session.subscriptions.discard(uri)
    return {}


def not_found(uri: str, revision: Revision) -> ProtocolError:
    """An unknown URI, in the words of the era."""
    return resource_not_found(uri, modern=revision.modern)


def _uri(params: JsonObject) -> str:
    uri = params.get("uri")
    if not isinstance(uri, str):
        raise invalid_params("params.uri must be a string")
    if len(uri) > MAX_URI:
        raise invalid_params(f"params.uri is longer than {MAX_URI} characters")
    return uri


def _describe(described: Resource | ResourceTemplate, revision: Revision) -> JsonObject:
    return described.as_object(revision.structured)
