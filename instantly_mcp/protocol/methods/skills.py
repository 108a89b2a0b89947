"""``skills/*`` and ``resources/directory/read``, for both eras (SEP-2640)."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ..calls.subscriptions import MAX_URI_CHARS
from ..primitives.skill import Skill
from ..primitives.skill_registry import directories
from ..server_features import RequestContext, Result, ServerFeatures
from ..wire.errors import invalid_params
from ..wire.versions import Revision
from .not_permitted import require_permitted


def list_skills(features: ServerFeatures, context: RequestContext) -> Result:
    """``skills/list``: the whole entries, so that clients need no ``skills/get``."""
    return features.listing.page(
        "skills",
        features.skills.listed(context.caller.rights),
        context.caller.revision,
        context.params.get("cursor"),
        _describe,
    )


def get_skill(features: ServerFeatures, context: RequestContext) -> Result:
    """``skills/get``: the entry of the skill whose ``SKILL.md`` has this URI."""
    uri = _uri(context.params)
    skill = features.skills.find(uri, context.caller.rights)
    if skill is None:
        raise invalid_params(
            "No skill is served at this URI; skills/list has those that are",
            {"uri": uri},
        )
    require_permitted(context, skill, "skill")
    return {"skill": skill.as_object()}


def read_directory(features: ServerFeatures, context: RequestContext) -> Result:
    """``resources/directory/read``: the files and folders in one folder of skills.

    A folder that the caller may not see is unknown to it. URIs are compared as they
    are: nothing is decoded, and dots have no meaning.
    """
    uri = _uri(context.params)
    found = directories(features.skills.listed(context.caller.rights)).get(uri)
    if found is None:
        raise invalid_params("This URI is not a directory resource", {"uri": uri})
    kind, cursor = f"directory {uri}", context.params.get("cursor")
    children, following = features.pager.page(kind, found, cursor)
    page: dict[str, Json] = {"resources": list(children)}
    if following is not None:
        page["nextCursor"] = following
    return page


def _uri(params: JsonObject) -> str:
    uri = params.get("uri")
    if not isinstance(uri, str):
        raise invalid_params("params.uri must be a string")
    if len(uri) > MAX_URI_CHARS:
        raise invalid_params(f"params.uri is longer than {MAX_URI_CHARS} characters")
    return uri


def _describe(skill: Skill, revision: Revision) -> JsonObject:
    return skill.as_object()
