"""``resources/*``, for both eras: lists, reading, and legacy subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from twisted.internet.defer import Deferred

from ..._json_codec import Json, JsonObject
from ..._noop import noop
from ..calls.call import Call, Caller
from ..calls.subscriptions import MAX_URI_CHARS, MAX_URIS
from ..calls.watching import Unsubscribe
from ..calls.workspace_choice import chooses
from ..primitives.registries import ResolvedResource
from ..primitives.resource import Resource, ResourceContents, ResourceTemplate
from ..primitives.selected import permits
from ..server_features import RequestContext, Result, ServerFeatures
from ..wire.errors import (
    ProtocolError,
    invalid_params,
    invalid_request,
    resource_not_found,
)
from ..wire.versions import Revision
from .not_permitted import require_permitted
from .running import call_for, require_one_workspace, run_call


def list_resources(features: ServerFeatures, context: RequestContext) -> Result:
    """``resources/list``."""
    return features.listing.page(
        "resources",
        features.resources.resources(context.caller.rights),
        context.caller.revision,
        context.params.get("cursor"),
        _describe,
    )


def list_templates(features: ServerFeatures, context: RequestContext) -> Result:
    """``resources/templates/list``."""
    return features.listing.page(
        "resourceTemplates",
        features.resources.templates(context.caller.rights),
        context.caller.revision,
        context.params.get("cursor"),
        _describe,
    )


def read_resource(
    features: ServerFeatures, context: RequestContext
) -> Deferred[Result]:
    """``resources/read``. An unknown URI is an error and not empty contents."""
    uri = _uri(context.params)
    found = features.resources.find(uri)
    if found is None:
        raise not_found(uri, context.caller.revision)
    described = found.described
    require_permitted(context, described, "resource")
    if described.needs_credential and context.caller.credential is None:
        raise features.credential_required()
    if described.needs_credential:
        require_one_workspace(features, context.caller)
    call = call_for(features, context)

    def written(contents: Sequence[ResourceContents]) -> Result:
        result: dict[str, Json] = {"contents": [each.as_object() for each in contents]}
        if context.caller.revision.modern:
            result["ttlMs"] = 0 if described.private else described.ttl_ms
            result["cacheScope"] = "private" if described.private else "public"
        return result

    reading = run_call(call, described.read, uri, found.values, call)
    return reading.addCallback(written)


def subscribe(features: ServerFeatures, context: RequestContext) -> Result:
    """``resources/subscribe``: the session stores the subscription.

    :raises ProtocolError: if the URI is unknown, if the resource needs a credential and
        the caller has none, if the request has no session to deliver updates to, or if
        the session has `MAX_URIS` subscriptions.
    """
    asked = _uri(context.params)
    found = features.resources.find(asked)
    if found is None:
        raise not_found(asked, context.caller.revision)
    require_permitted(context, found.described, "resource")
    if found.described.needs_credential:
        require_one_workspace(features, context.caller)
    if not may_subscribe(found, context.caller):
        raise features.credential_required()
    session = context.caller.session
    if session is None:
        why = "updates cannot be delivered without a session; send initialize first"
        # Not 400: some clients close the connection on that status.
        raise invalid_request(why, status=200)
    uri, held = _bounded(found.uri), session.subscriptions
    if uri not in held:
        if len(held) >= MAX_URIS:
            raise invalid_params(f"a session watches at most {MAX_URIS} resources")
        # Subscribe before watching: the first poll may already report a change.
        held[uri] = noop
        held[uri] = start_watching(features, context, found)
    return {}


def unsubscribe(features: ServerFeatures, context: RequestContext) -> Result:
    """``resources/unsubscribe``: succeeds without a subscription as well."""
    found = features.resources.find(_uri(context.params))
    if found is not None and context.caller.session is not None:
        context.caller.session.unsubscribe(found.uri)
    return {}


def may_subscribe(found: ResolvedResource, caller: Caller) -> bool:
    """Return whether rights and credential of the caller suffice to subscribe."""
    described = found.described
    if described.needs_credential and (caller.credential is None or chooses(caller)):
        return False
    return permits(caller.rights, described)


def start_watching(
    features: ServerFeatures, context: RequestContext, found: ResolvedResource
) -> Unsubscribe:
    """Start watching a resource, if it has a watch.

    :returns: a function that ends this caller's part in the watch.
    """
    watch = found.described.watch
    if watch is None:
        return noop
    caller = context.caller
    # Without session and stream: a watch serves several clients.
    alone = Caller(
        revision=caller.revision, credential=caller.credential, rights=caller.rights
    )
    call = Call(caller=alone, trace=context.trace)
    start = partial(watch, found.uri, found.values, call)
    return features.changes.watches.join(found.uri, caller.principal, start)


def not_found(uri: str, revision: Revision) -> ProtocolError:
    """Return the error for an unknown URI, with the code of the era."""
    return resource_not_found(uri, modern=revision.modern)


def _uri(params: JsonObject) -> str:
    uri = params.get("uri")
    if not isinstance(uri, str):
        raise invalid_params("params.uri must be a string")
    return _bounded(uri)


def _bounded(uri: str) -> str:
    if len(uri) > MAX_URI_CHARS:
        raise invalid_params(f"params.uri is longer than {MAX_URI_CHARS} characters")
    return uri


def _describe(described: Resource | ResourceTemplate, revision: Revision) -> JsonObject:
    return described.as_object(revision.structured)
