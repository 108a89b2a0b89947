"""report_all_workspaces: the totals of each workspace that the caller can use.

The workspaces are read at the same time, a few at a time. One that cannot be read, as
when its key was deleted, is missing from the totals, with its reason; the others are
not affected. The result says how many there are and how many answered.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import DeferredSemaphore, gatherResults

from ...._deferred import deferred
from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError
from ....protocol.calls.call import Call
from ....protocol.calls.workspace_choice import WORKSPACE, WorkspaceNotChosenError
from ...results import CallRefusedError, error_object
from ...workspace.analytics import COUNTERS, DEFINITIONS, objects_of, summed
from ...workspace.context import FeatureContext
from ...workspace.dates import moments_in_order
from ...workspace.reply_values import as_list

AT_ONCE = 4
"""Workspaces that are read at the same time."""


async def report_all_workspaces(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Add up the campaigns of each workspace, and all of them.

    :raises CallRefusedError: when the caller has one workspace, names another one, or
        none of them could be read.
    """
    moments_in_order(given.get("start_date"), given.get("end_date"))
    names = _asked(call, as_list(given.get("workspaces")))
    dates = {n: given[n] for n in ("start_date", "end_date") if given.get(n)}
    until = context.deadline(call)
    turns = DeferredSemaphore(AT_ONCE)
    parts: Sequence[JsonObject] = await gatherResults(
        [turns.run(_part, context, name, dates, call, until) for name in names],
        consumeErrors=True,
    )
    answered = [part for part in parts if "error" not in part]
    missing = [{WORKSPACE: p[WORKSPACE], **p["error"]} for p in parts if "error" in p]
    if not answered:
        raise CallRefusedError(
            "no_workspace_answered",
            f"None of {len(names)} workspaces could be read.",
            "Tell the user the reason for each of them.",
            missing=missing,
        )
    result: dict[str, Json] = {
        "asked_workspaces": len(names),
        "answered_workspaces": len(answered),
        "totals": summed([part["overview"] for part in answered]),
        "rows": answered,
        "definitions": DEFINITIONS,
    }
    if dates:
        result["range"] = dates
    if missing:
        result["missing"] = missing
        result["warning"] = _warning(len(answered), missing)
    return result


def _warning(answered: int, missing: Sequence[JsonObject]) -> str:
    """Say which workspaces the totals do not include, and why not."""
    whole = f"{answered} of {answered + len(missing)} workspaces answered."
    reasons = (f"{each[WORKSPACE]}: {_first(each['message'])}." for each in missing)
    return f"{whole} The totals do not include the others. {' '.join(reasons)}"


def _first(message: str) -> str:
    """Return the first sentence of a message, without its full stop."""
    return message.partition(". ")[0].rstrip(".")


def _asked(call: Call, given: Sequence[Json]) -> Sequence[str]:
    """Return the names of the workspaces to read.

    :raises CallRefusedError: when the caller has one workspace, or names another one.
    """
    usable = call.caller.rights.workspaces
    if not usable:
        raise CallRefusedError(
            "one_workspace",
            "This connection has one workspace.",
            "Use get_campaign_analytics.",
        )
    asked = [str(name).strip().lower() for name in given]
    others = [name for name in asked if name not in usable]
    if others:
        raise CallRefusedError(
            "workspace_not_allowed",
            f"{len(others)} of the names are of no workspace that this connection can "
            "use. Nothing was read.",
            "Leave workspaces out for all that it can use.",
            usable=list(usable),
        )
    return list(dict.fromkeys(asked)) or usable


@deferred
async def _part(
    context: FeatureContext,
    name: str,
    dates: JsonObject,
    call: Call,
    until: float | None,
) -> JsonObject:
    """Return the totals of one workspace, or its error."""
    try:
        acting = context.workspaces.choose(call.credential, name)
        alone = Call(caller=call.caller.acting_with(acting), trace=call.trace)
        alone.until = until
        reply = await context.execute("getCampaignAnalytics", dates, alone)
    except WorkspaceNotChosenError as refused:
        error = {"code": refused.code, "message": refused.message, "hint": refused.hint}
        return {WORKSPACE: name, "error": error}
    except CallRefusedError as refusal:
        return {WORKSPACE: name, "error": refusal.as_object()}
    except ApiError as failed:
        return {WORKSPACE: name, "error": error_object(failed)}
    rows = objects_of(reply)
    totals = summed(rows)
    kept = {name: totals[name] for name in (*COUNTERS, "rates") if name in totals}
    return {WORKSPACE: name, "campaigns": len(rows), "overview": kept}
