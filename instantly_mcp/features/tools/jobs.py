"""Tools for background jobs, and for the server itself."""

from __future__ import annotations

from ...catalog.codes import JOB_STATUSES
from ..workspace.job_following import get_job, list_jobs
from .arguments.shared import (
    JOB_OUTPUT,
    LIST_OUTPUT,
    TEXT,
    by_id,
    comma_separated,
    id_of,
    paging,
)
from .declaring.argument import argument
from .declaring.declaration import ToolDeclaration
from .declaring.hints import READ_ONLY, READ_ONLY_LOCAL
from .workflows.server_info import get_server_info

TOOLS = (
    ToolDeclaration(
        name="get_background_job",
        title="Background job",
        description=(
            "Progress of a background job (move, import, warm-up change): is it done "
            "or finished? Statuses: " + ", ".join(JOB_STATUSES) + "."
        ),
        toolset="jobs",
        hints=READ_ONLY,
        operation="getBackgroundJob",
        work=get_job,
        arguments=(
            id_of("job_id"),
            argument("data_fields", description="members of data, comma-separated"),
        ),
        output=JOB_OUTPUT,
    ),
    ToolDeclaration(
        name="list_background_jobs",
        title="List background jobs",
        description="List background jobs, with filters by comma-separated values.",
        toolset="jobs",
        hints=READ_ONLY,
        operation="listBackgroundJob",
        work=list_jobs,
        arguments=(
            *paging(),
            comma_separated("ids", ""),
            argument("type"),
            argument("entity_type"),
            argument("entity_id"),
            comma_separated("status", ", ".join(JOB_STATUSES)),
            argument("sort_column"),
            argument("sort_order"),
        ),
        cursor_of=by_id,
        output=LIST_OUTPUT,
        extra=True,
    ),
    ToolDeclaration(
        name="get_server_info",
        title="Server info",
        description=(
            "This MCP server's version, mode (live or sandbox) and limits, what this "
            "connection may do, what needs confirmation, and who to ask."
        ),
        toolset="server",
        hints=READ_ONLY_LOCAL,
        work=get_server_info,
        needs_credential=False,
        output={"version": TEXT},
    ),
)
