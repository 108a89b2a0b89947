"""Resources: listing, reading, and the legacy subscriptions, once for every era."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from twisted.internet.defer import Deferred

from ..._json import Json, JsonObject
from ..calls.call import Call, Caller
from ..calls.subscriptions import MAX_URI, MAX_URIS
from ..calls.watching import Leave
from ..primitives.registries import Found
from ..primitives.resource import Contents, Resource, ResourceTemplate
from ..server_features import Offer, Result, Turn
from ..wire.errors import (
    ProtocolError,
    invalid_params,
    invalid_request,
    key_required,
    resource_not_found,
)
from ..wire.versions import Revision
from .running import call_for, run_call


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
        raise key_required(offer.key_formats)
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
    """``resources/subscribe``: remembered by the session.

    :raises ProtocolError: for a URI that nothing serves, for too many of them, and
        where there is no session that could be told.
    """
    asked = _uri(turn.params)
    found = offer.shelf.find(asked)
    if found is None:
        raise not_found(asked, turn.caller.revision)
    if not may_watch(found, turn.caller):
        raise key_required(offer.key_formats)
    session = turn.caller.session
    if session is None:
        why = "nobody could be told without a session; send initialize first"
        # Not 400: some clients take that for the end of everything.
        raise invalid_request(why, status=200)
    uri, held = _bounded(found.uri), session.subscriptions
    if uri not in held:
        if len(held) >= MAX_URIS:
            raise invalid_params(f"a session watches at most {MAX_URIS} resources")
        # Subscribed first: the very first look may find it changed.
        held[uri] = _nothing
        held[uri] = watched(offer, turn, found)
    return {}


def unsubscribe(offer: Offer, turn: Turn) -> Result:
    """``resources/unsubscribe``: asking twice is no error."""
    found = offer.shelf.find(_uri(turn.params))
    if found is not None and turn.caller.session is not None:
        turn.caller.session.unsubscribe(found.uri)
    return {}


def may_watch(found: Found, caller: Caller) -> bool:
    """Say whether the caller can hear of it: without a key of no private resource."""
    return caller.credential is not None or not found.described.needs_credential


def watched(offer: Offer, turn: Turn, found: Found) -> Leave:
    """See to it that a resource is watched, if it changes while nobody calls.

    :returns: what ends that.
    """
    watch = found.described.watch
    if watch is None:
        return _nothing
    caller = turn.caller
    # Neither session nor stream: a watch answers nobody, and asks nobody.
    alone = Caller(revision=caller.revision, credential=caller.credential)
    call = Call(caller=alone, trace=turn.trace)
    start = partial(watch, found.uri, found.values, call)
    return offer.changes.watches.join(found.uri, caller.principal, start)


def not_found(uri: str, revision: Revision) -> ProtocolError:
    """An unknown URI, in the words of the era."""
    return resource_not_found(uri, modern=revision.modern)


def _nothing() -> None:
    """Do nothing: there is nothing to end."""


def _uri(params: JsonObject) -> str:
    uri = params.get("uri")
    if not isinstance(uri, str):
        raise invalid_params("params.uri must be a string")
    return _bounded(uri)


def _bounded(uri: str) -> str:
    if len(uri) > MAX_URI:
        raise invalid_params(f"params.uri is longer than {MAX_URI} characters")
    return uri


def _describe(described: Resource | ResourceTemplate, revision: Revision) -> JsonObject:
    return described.as_object(revision.structured)
