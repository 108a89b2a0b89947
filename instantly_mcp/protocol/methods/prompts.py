"""``prompts/*`` and ``completion/complete``, for both eras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve
from twisted.internet.defer import Deferred

from ..._json_codec import Json, JsonObject
from ..arguments.reading import BadArguments, object_of
from ..calls.call import Caller
from ..calls.workspace_choice import (
    WORKSPACE,
    WorkspaceNotChosenError,
    chooses,
    in_workspace,
)
from ..primitives.prompt import Prompt, PromptMessage
from ..primitives.resource import CompleteValue
from ..server_features import RequestContext, Result, ServerFeatures
from ..wire.content import adapt_content
from ..wire.errors import invalid_params
from ..wire.versions import Revision
from .not_permitted import require_permitted
from .running import call_for, not_chosen, run_call

MAX_COMPLETIONS = 100


def list_prompts(features: ServerFeatures, context: RequestContext) -> Result:
    """``prompts/list``."""
    return features.listing.page(
        "prompts",
        features.workspaces_in_lists.prompts(
            features.prompts.listed(context.caller.rights), context.caller.rights
        ),
        context.caller.revision,
        context.params.get("cursor"),
        _describe,
    )


def get_prompt(features: ServerFeatures, context: RequestContext) -> Deferred[Result]:
    """``prompts/get``: check the arguments, render the messages."""
    prompt = _prompt_named(features, context, context.params.get("name"))
    caller, arguments = _arguments(
        features, prompt, context.caller, context.params.get("arguments")
    )
    if prompt.needs_credential and caller.credential is None:
        raise features.credential_required()
    call = call_for(features, evolve(context, caller=caller))

    def written(messages: Sequence[PromptMessage]) -> Result:
        contents = [message.content for message in messages]
        known = adapt_content(context.caller.revision, contents)
        shown = [
            PromptMessage(message.role, content).as_object()
            for message, content in zip(messages, known, strict=True)
        ]
        return {"description": prompt.description, "messages": shown}

    rendering = run_call(call, prompt.render, arguments, call)
    return rendering.addCallback(written)


def complete(
    features: ServerFeatures, context: RequestContext
) -> Result | Deferred[Result]:
    """``completion/complete``, for arguments of prompts and variables of templates."""
    argument = context.params.get("argument")
    if not isinstance(argument, dict):
        raise invalid_params("params.argument must be an object")
    name, value = argument.get("name"), argument.get("value")
    if not isinstance(name, str) or not isinstance(value, str):
        raise invalid_params("params.argument needs a name and a value, both strings")
    if name == WORKSPACE and chooses(context.caller):
        names = context.caller.rights.workspaces
        return _completion([each for each in names if each.startswith(value.lower())])
    completer = _completer(features, context, name)
    caller, known = _in_known_workspace(features, context)
    if completer is None or caller.credential is None or chooses(caller):
        # Empty is a valid result; without a credential nothing can be looked up.
        return _completion([])
    call = call_for(features, evolve(context, caller=caller))
    found = run_call(call, completer, value, known, call)
    return found.addCallback(_completion)


def _in_known_workspace(
    features: ServerFeatures, context: RequestContext
) -> tuple[Caller, Mapping[str, str]]:
    """Return the caller and the arguments that the client knows already."""
    known = _context(context.params.get("context"))
    try:
        return in_workspace(features.workspaces, context.caller, known, needed=False)
    except WorkspaceNotChosenError:
        return context.caller, known


def _prompt_named(
    features: ServerFeatures, context: RequestContext, name: Json
) -> Prompt:
    prompt = features.prompts.find(name) if isinstance(name, str) else None
    if prompt is None:
        shown = name[:100] if isinstance(name, str) else "(none)"
        raise invalid_params(f"Unknown prompt: {shown}")
    require_permitted(context, prompt, "prompt")
    return prompt


def _arguments(
    features: ServerFeatures, prompt: Prompt, caller: Caller, given: Json
) -> tuple[Caller, Mapping[str, str]]:
    """Return the caller in the workspace that it chose, and the other arguments."""
    try:
        caller, rest = in_workspace(
            features.workspaces,
            caller,
            object_of(given),
            needed=prompt.needs_credential,
        )
        return caller, features.accepted(prompt).read(rest)
    except WorkspaceNotChosenError as refused:
        raise not_chosen(refused) from refused
    except BadArguments as refused:
        raise invalid_params(refused.problem.message) from refused


def _completer(
    features: ServerFeatures, context: RequestContext, name: str
) -> CompleteValue | None:
    stated = context.params.get("ref")
    ref = stated if isinstance(stated, dict) else {}
    kind = ref.get("type")
    if kind == "ref/prompt":
        prompt = _prompt_named(features, context, ref.get("name"))
        for argument in prompt.arguments:
            if argument.name == name:
                return argument.complete
        raise invalid_params(f"The prompt has no argument {name[:60]}")
    if kind == "ref/resource":
        uri = ref.get("uri")
        template = features.resources.template(uri) if isinstance(uri, str) else None
        if template is None:
            raise invalid_params("Unknown resource template")
        require_permitted(context, template, "resource template")
        if name not in template.template.names:
            raise invalid_params(f"The template has no variable {name[:60]}")
        return template.complete.get(name)
    raise invalid_params("params.ref must be a ref/prompt or a ref/resource")


def _context(context: Json) -> Mapping[str, str]:
    arguments = context.get("arguments") if isinstance(context, dict) else None
    if not isinstance(arguments, dict):
        return {}
    known = {name: v for name, v in arguments.items() if type(v) in (str, int)}
    return {name: str(value) for name, value in known.items() if value != ""}


def _completion(values: Sequence[str]) -> Result:
    shown = list(values[:MAX_COMPLETIONS])
    return {
        "completion": {
            "values": shown,
            "total": len(values),
            "hasMore": len(values) > len(shown),
        }
    }


def _describe(prompt: Prompt, revision: Revision) -> JsonObject:
    return prompt.as_object(revision.structured)
