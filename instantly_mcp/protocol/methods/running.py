"""Creates the `Call` of a request with the `IAsker` of its era; runs the feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred

from ..._json_codec import Json
from ..calls.ask_by_retry import RetryAsker, StateBinding
from ..calls.ask_by_session import SessionAsker
from ..calls.call import NO_CLIENT_REQUESTS, Call, Caller
from ..calls.client_requests import IAsker
from ..calls.heartbeat import start_heartbeat
from ..calls.workspace_choice import WorkspaceNotChosenError, chooses
from ..server_features import RequestContext, ServerFeatures
from ..wire.errors import ProtocolError, invalid_params

P = ParamSpec("P")
T = TypeVar("T")

ASKS_BY_RETRY = frozenset({"tools/call", "prompts/get", "resources/read"})
"""The modern methods whose result may be ``input_required``."""


def call_for(features: ServerFeatures, context: RequestContext) -> Call:
    """Return the call for a request.

    :raises ProtocolError: -32602 for a ``requestState`` that is not valid for it.
    """
    meta = context.params.get("_meta")
    return Call(
        caller=context.caller,
        clock=features.clock,
        progress_token=_progress_token(meta),
        log_level=context.log_level,
        capabilities=context.capabilities,
        asker=_asker(features, context),
        trace=context.trace,
        params=context.params,
    )


def run_call(
    call: Call,
    feature: Callable[P, Deferred[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Deferred[T]:
    """Run a feature and mark the call as finished when the feature ends.

    Until then a client that wants progress gets some, also if the feature reports none.

    An exception that the feature raises becomes a failure of the returned Deferred.
    """

    def ended(outcome: T) -> T:
        call.finished = True
        call.stop_heartbeat()
        return outcome

    running: Deferred[T] = maybeDeferred(feature, *args, **kwargs)
    if not running.called:
        start_heartbeat(call)
    return running.addBoth(ended)


def not_chosen(refused: WorkspaceNotChosenError) -> ProtocolError:
    """Return the error for a call that names no workspace its caller can use."""
    data = {"code": refused.code, "workspaces": [*refused.usable]}
    return invalid_params(f"{refused.message} {refused.hint}", data)


def require_one_workspace(features: ServerFeatures, caller: Caller) -> None:
    """Check that a caller has one workspace, where a call cannot name one.

    :raises ProtocolError: -32602 for a caller who chooses between several.
    """
    if caller.credential is None or not chooses(caller):
        return
    try:
        features.workspaces.choose(caller.credential, None)
    except WorkspaceNotChosenError as refused:
        raise invalid_params(
            f"{refused.message} Resources cannot name it: use the tools, whose "
            "argument workspace does, or connect at /mcp/w/WORKSPACE.",
            {"code": refused.code, "workspaces": [*refused.usable]},
        ) from refused


def _progress_token(meta: Json) -> str | int | None:
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    if isinstance(token, str) or (isinstance(token, int) and token is not True):
        return None if token is False else token
    return None


def _asker(features: ServerFeatures, context: RequestContext) -> IAsker:
    caller, params = context.caller, context.params
    if not caller.revision.modern:
        if caller.session is None:
            return NO_CLIENT_REQUESTS
        return SessionAsker(caller.session, caller.sink, features.clock, caller.rights)
    if context.request.method not in ASKS_BY_RETRY:
        return NO_CLIENT_REQUESTS
    binding = StateBinding(
        principal=caller.principal,
        rights=caller.rights,
        method=context.request.method,
        params=params,
    )
    asker = RetryAsker(features.sealer, binding, context.capabilities)
    if "requestState" in params or "inputResponses" in params:
        asker.load()
    return asker
