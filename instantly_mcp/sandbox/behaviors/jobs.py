"""Background jobs: list and read."""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import JsonObject
from ..call import Behavior, OperationCall
from ..errors import not_found
from ..jobs import refreshed
from ..paging import by_id, id_cursor, page_after_item
from ..records import ApiObject
from ..world import World

_LISTS = (("ids", "id"), ("included_ids", "id"), ("entity_id", "entity_id"))


def list_jobs(world: World, call: OperationCall) -> ApiObject:
    """``GET /background-jobs``: newest first unless asked otherwise."""
    query = call.query
    found = [refreshed(world, job) for job in world.jobs.values()]
    found = [shown for shown in found if _passes(shown, query)]
    column = query.get("sort_column", "created_at")
    descending = query.get("sort_order", "desc") == "desc"
    found.sort(key=lambda each: (each[column], each["id"]), reverse=descending)
    after = id_cursor(query.get("starting_after"))
    return page_after_item(found, query.get("limit"), after, by_id)


def get_job(world: World, call: OperationCall) -> ApiObject:
    """``GET /background-jobs/{id}``; ``data_fields`` selects fields of its data."""
    job = world.jobs.get(call.path["id"])
    if job is None:
        raise not_found("Background job")
    shown = refreshed(world, job)
    fields = call.query.get("data_fields")
    if not fields:
        return shown
    names = {name.strip() for name in fields.split(",")}
    data = {name: value for name, value in shown["data"].items() if name in names}
    return {**shown, "data": data}


def _passes(shown: ApiObject, query: JsonObject) -> bool:
    for name in ("type", "entity_type"):
        if name in query and shown[name] != query[name]:
            return False
    for name, field in _LISTS:
        if query.get(name) and shown[field] not in query[name].split(","):
            return False
    if query.get("status") and shown["status"] not in query["status"].split(","):
        return False
    excluded = query.get("excluded_ids")
    return not excluded or shown["id"] not in excluded.split(",")


BEHAVIORS: Mapping[str, Behavior] = {
    "listBackgroundJob": list_jobs,
    "getBackgroundJob": get_job,
}
