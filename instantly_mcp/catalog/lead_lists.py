"""Lead lists: leads kept outside of campaigns."""

from __future__ import annotations

from . import replies
from .fragments import (
    BOOLEAN,
    DELETES,
    OPTIONAL_BOOLEAN,
    OPTIONAL_STRING,
    PAGE,
    STRING,
    body_of,
    in_path,
    in_query,
    scopes,
)
from .operation import ONE, READ, WRITE, WRITE_AGAIN, Amount, Operation, Risk

SETTINGS = {
    "has_enrichment_task": OPTIONAL_BOOLEAN,
    "owned_by": OPTIONAL_STRING,
    "name": STRING,
}

_ID = in_path("id")

OPERATIONS = (
    Operation(
        id="listLeadList",
        reply=replies.LEAD_LISTS,
        method="GET",
        path="/api/v2/lead-lists",
        summary="List the lead lists, page by page",
        effect=READ,
        scopes=scopes("lead_lists", "read"),
        parameters=(
            *PAGE,
            in_query("has_enrichment_task", BOOLEAN),
            in_query("search"),
        ),
    ),
    Operation(
        id="getLeadList",
        reply=replies.ONE_LEAD_LIST,
        method="GET",
        path="/api/v2/lead-lists/{id}",
        summary="Read one lead list",
        effect=READ,
        scopes=scopes("lead_lists", "read"),
        parameters=(_ID,),
    ),
    Operation(
        id="createLeadList",
        reply=replies.CREATED,
        method="POST",
        path="/api/v2/lead-lists",
        summary="Create an empty lead list",
        effect=WRITE,
        # Each lead that is added later is then enriched, which costs credits.
        risks_of={"has_enrichment_task": Risk.SPENDS},
        amounts={"credits": Amount(when=("has_enrichment_task",))},
        scopes=scopes("lead_lists", "create"),
        parameters=body_of(SETTINGS, "name"),
    ),
    Operation(
        id="patchLeadList",
        reply=replies.WRITTEN,
        method="PATCH",
        path="/api/v2/lead-lists/{id}",
        summary="Change a lead list",
        effect=WRITE_AGAIN,
        # Each lead that is added later is then enriched, which costs credits.
        risks_of={"has_enrichment_task": Risk.SPENDS},
        amounts={"credits": Amount(when=("has_enrichment_task",))},
        scopes=scopes("lead_lists", "update"),
        parameters=(_ID, *body_of(SETTINGS)),
    ),
    Operation(
        id="deleteLeadList",
        reply=replies.WRITTEN,
        method="DELETE",
        path="/api/v2/lead-lists/{id}",
        summary="Delete a lead list permanently",
        effect=DELETES,
        risks={Risk.DESTRUCTIVE},
        amounts={"deletions": ONE},
        scopes=scopes("lead_lists", "delete"),
        parameters=(_ID,),
    ),
    Operation(
        id="getVerificationStats",
        reply=replies.LIST_STATS,
        method="GET",
        path="/api/v2/lead-lists/{id}/verification-stats",
        summary="Count a list's leads by verification status",
        effect=READ,
        scopes=scopes("lead_lists", "read"),
        parameters=(_ID,),
    ),
)
