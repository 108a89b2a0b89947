"""Tools for background jobs, and for the server itself."""

from __future__ import annotations

from ..._json import Json, JsonObject
from ...catalog.codes import JOB_STATUSES
from ..declaration import Declared, argument
from ..hints import READS, READS_HERE
from ..results import page
from ..values import comma_list
from ..workflows.jobs import job_of, started
from ..workflows.server_info import get_server_info
from .shared import JOB_OUTPUT, LIST_OUTPUT, by_id, id_of, paging


def jobs(reply: Json, given: JsonObject) -> JsonObject:
    """Return a page of jobs without the addresses that they moved."""

    def brief(job: JsonObject) -> JsonObject:
        return {n: v for n, v in job_of(job).items() if n != "data" and v is not None}

    return page(reply, brief)


TOOLS = (
    Declared(
        name="get_background_job",
        title="Get background job",
        description=(
            "Read a background job (moves, imports, warm-up changes). Statuses: "
            + ", ".join(JOB_STATUSES)
            + "."
        ),
        toolset="jobs",
        hints=READS,
        operation="getBackgroundJob",
        arguments=(
            id_of("job_id"),
            argument("data_fields", says="parts of data, comma-separated"),
        ),
        reshape=started,
        output=JOB_OUTPUT,
    ),
    Declared(
        name="list_background_jobs",
        title="List background jobs",
        description="List background jobs, with filters by comma-separated values.",
        toolset="jobs",
        hints=READS,
        operation="listBackgroundJob",
        arguments=(
            *paging(),
            argument("ids", convert=comma_list),
            argument("type"),
            argument("entity_type"),
            argument("entity_id"),
            argument("status", says=", ".join(JOB_STATUSES), convert=comma_list),
            argument("sort_column"),
            argument("sort_order"),
        ),
        reshape=jobs,
        cursor_of=by_id,
        output=LIST_OUTPUT,
        extra=True,
    ),
    Declared(
        name="get_server_info",
        title="Get server info",
        description="This MCP server's version, mode (live or sandbox) and limits.",
        toolset="server",
        hints=READS_HERE,
        work=get_server_info,
        needs_credential=False,
        output={"type": "object", "properties": {"version": {"type": "string"}}},
    ),
)
