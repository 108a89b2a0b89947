"""All operations of the catalog, in one fixed order, and by id."""

from __future__ import annotations

from collections.abc import Mapping

from . import (
    accounts,
    analytics,
    background_jobs,
    campaigns,
    email_verification,
    emails,
    enrichments,
    lead_lists,
    leads,
    workspaces,
)
from .operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *accounts.OPERATIONS,
    *campaigns.OPERATIONS,
    *leads.OPERATIONS,
    *lead_lists.OPERATIONS,
    *emails.OPERATIONS,
    *email_verification.OPERATIONS,
    *enrichments.OPERATIONS,
    *analytics.OPERATIONS,
    *background_jobs.OPERATIONS,
    *workspaces.OPERATIONS,
)
"""All operations, in the order of the modules and of the lines in them."""

BY_ID: Mapping[str, Operation] = {operation.id: operation for operation in OPERATIONS}


def operation(id: str) -> Operation:
    """Return the operation with the vendor's `id`.

    :raises KeyError: when the catalog has none.
    """
    return BY_ID[id]
