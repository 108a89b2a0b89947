"""Background jobs: work that the API continues after it has answered."""

from __future__ import annotations

from . import replies
from .codes import JOB_ENTITIES, JOB_TYPES
from .fragments import PAGE, in_path, in_query, one_of, scopes
from .operation import READ, Operation

OPERATIONS = (
    Operation(
        id="listBackgroundJob",
        reply=replies.JOBS,
        method="GET",
        path="/api/v2/background-jobs",
        summary="List the background jobs, page by page",
        effect=READ,
        scopes=scopes("background-jobs", "read"),
        parameters=(
            *PAGE,
            in_query("ids"),
            in_query("included_ids"),
            in_query("excluded_ids"),
            in_query("type", one_of(JOB_TYPES)),
            in_query("entity_type", one_of(JOB_ENTITIES)),
            in_query("entity_id"),
            in_query("status"),
            in_query("sort_column", one_of(("created_at", "updated_at"))),
            in_query("sort_order", one_of(("asc", "desc"))),
        ),
    ),
    Operation(
        id="getBackgroundJob",
        reply=replies.ONE_JOB,
        method="GET",
        path="/api/v2/background-jobs/{id}",
        summary="Read one background job",
        effect=READ,
        scopes=scopes("background-jobs", "read"),
        parameters=(in_query("data_fields"), in_path("id")),
    ),
)
