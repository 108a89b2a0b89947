"""Tools for lead lists."""

from __future__ import annotations

from ..._json_codec import JsonObject
from ..workspace.labels import labelled
from .arguments import LIST_OUTPUT, NAME, deleted, id_of, listing, paging, single
from .declaration import Declared, argument, required
from .hints import ADDS, CHANGES, DESTROYS, READS

PLAIN = labelled({})

TEXT = {"type": "string"}
FLAG = {"type": "boolean"}
LIST_ID = id_of("list_id")


def behind_list(lead_list: JsonObject, given: JsonObject) -> str | None:
    """Return the cursor after a lead list: its creation time."""
    return lead_list.get("timestamp_created")


TOOLS = (
    Declared(
        name="list_lead_lists",
        title="List lead lists",
        description="List the workspace's lead lists.",
        toolset="leads",
        hints=READS,
        operation="listLeadList",
        arguments=(
            *paging(),
            argument("search"),
            argument("has_enrichment_task"),
        ),
        reshape=listing(PLAIN),
        cursor_of=behind_list,
        output=LIST_OUTPUT,
    ),
    Declared(
        name="create_lead_list",
        title="Create lead list",
        description="Create an empty lead list.",
        toolset="leads",
        hints=ADDS,
        operation="createLeadList",
        arguments=(
            required("name", schema=NAME),
            argument("has_enrichment_task", schema=FLAG, says="enrich every lead"),
            argument("owned_by", schema=TEXT, says="user id"),
        ),
        reshape=single(PLAIN),
    ),
    Declared(
        name="update_lead_list",
        title="Update lead list",
        description="Rename a lead list, or change its enrichment or owner.",
        toolset="leads",
        hints=CHANGES,
        operation="patchLeadList",
        changes=True,
        arguments=(
            LIST_ID,
            argument("name", schema=NAME),
            argument("has_enrichment_task"),
            argument("owned_by"),
        ),
        reshape=single(PLAIN),
    ),
    Declared(
        name="get_verification_stats_for_lead_list",
        title="Get list verification stats",
        description="Count a list's leads by verification status.",
        toolset="leads",
        hints=READS,
        operation="getVerificationStats",
        arguments=(LIST_ID,),
        reshape=single(PLAIN),
    ),
    Declared(
        name="delete_lead_list",
        title="Delete lead list",
        description="Permanently delete a lead list.",
        toolset="leads",
        hints=DESTROYS,
        operation="deleteLeadList",
        arguments=(LIST_ID,),
        reshape=deleted("id"),
        extra=True,
    ),
)
