"""Tools for lead lists."""

from __future__ import annotations

from ..._json_codec import JsonObject
from ..workspace.conversions import visible_name
from ..workspace.labels import labelled
from ..workspace.names import LEAD_LISTS
from .arguments.shared import (
    DRY_RUN,
    FLAG,
    LIST_OUTPUT,
    NAME,
    TEXT,
    id_of,
    listing,
    paging,
    single,
)
from .declaring.argument import argument, required
from .declaring.declaration import ToolDeclaration
from .declaring.hints import ADDITIVE, DESTRUCTIVE, IDEMPOTENT, READ_ONLY
from .workflows.deletions import DELETE_LIST

LIST_VIEW = labelled({})

LIST_ID = id_of("list_id", refers_to=LEAD_LISTS)


def cursor_after(lead_list: JsonObject, given: JsonObject) -> str | None:
    """Return the cursor after a lead list: its creation time."""
    return lead_list.get("timestamp_created")


TOOLS = (
    ToolDeclaration(
        name="list_lead_lists",
        title="List lead lists",
        description="Show the workspace's lists of leads (prospects, contacts).",
        toolset="leads",
        hints=READ_ONLY,
        operation="listLeadList",
        arguments=(
            *paging(),
            argument("search"),
            argument("has_enrichment_task"),
        ),
        reshape=listing(LIST_VIEW),
        cursor_of=cursor_after,
        output=LIST_OUTPUT,
    ),
    ToolDeclaration(
        name="create_lead_list",
        title="Create lead list",
        description="Create an empty lead list.",
        toolset="leads",
        hints=ADDITIVE,
        operation="createLeadList",
        arguments=(
            required("name", schema=NAME, convert=visible_name),
            argument(
                "has_enrichment_task", schema=FLAG, description="enrich every lead"
            ),
            argument("owned_by", schema=TEXT, description="user id"),
        ),
        reshape=single(LIST_VIEW),
    ),
    ToolDeclaration(
        name="update_lead_list",
        title="Update lead list",
        description="Rename a lead list, or change its enrichment or owner.",
        toolset="leads",
        hints=IDEMPOTENT,
        operation="patchLeadList",
        changes=True,
        arguments=(
            LIST_ID,
            argument("name", schema=NAME, convert=visible_name),
            argument("has_enrichment_task"),
            argument("owned_by"),
        ),
        reshape=single(LIST_VIEW),
    ),
    ToolDeclaration(
        name="get_verification_stats_for_lead_list",
        title="List verification stats",
        description=(
            "Count a list's leads by verification status: valid, invalid, risky …"
        ),
        toolset="leads",
        hints=READ_ONLY,
        operation="getVerificationStats",
        arguments=(LIST_ID,),
        reshape=single(LIST_VIEW),
    ),
    ToolDeclaration(
        name="delete_lead_list",
        title="Delete lead list",
        description="Permanently delete a lead list.",
        toolset="leads",
        hints=DESTRUCTIVE,
        operation="deleteLeadList",
        also=("getLeadList", "getVerificationStats"),
        arguments=(LIST_ID, DRY_RUN),
        work=DELETE_LIST,
        extra=True,
    ),
)
