"""What each operation does to the world, one module for each group of operations.

`BEHAVIORS` has all of them by the vendor's operationId.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..call import Behavior
from . import (
    accounts,
    analytics,
    campaigns,
    emails,
    enrichments,
    jobs,
    lead_lists,
    leads,
    verification,
    warmup,
    workspaces,
)

BEHAVIORS: Mapping[str, Behavior] = {
    **accounts.BEHAVIORS,
    **warmup.BEHAVIORS,
    **campaigns.BEHAVIORS,
    **analytics.BEHAVIORS,
    **leads.BEHAVIORS,
    **lead_lists.BEHAVIORS,
    **emails.BEHAVIORS,
    **verification.BEHAVIORS,
    **enrichments.BEHAVIORS,
    **jobs.BEHAVIORS,
    **workspaces.BEHAVIORS,
}
