"""The hint of an error: what to do after a failed call.

Each kind of failure has one sentence. The most important rule: a model must not repeat
a write whose outcome is unknown, but first read the state with the tool that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..api.errors import ApiError, Reason
from ..catalog.index import BY_ID

HINTS: Mapping[Reason, str] = {
    Reason.BAD_ARGUMENT: "Correct the argument and call again. Nothing was sent.",
    Reason.NOT_GRANTED: "Report this defect to the operator of this server.",
    Reason.INVALID_REQUEST: (
        "Instantly refused the request. Correct what the message names; do not repeat "
        "it unchanged."
    ),
    Reason.KEY_REJECTED: (
        "The API key is wrong, revoked, or belongs to another workspace. Tell the user "
        "who must replace it; calling again will not help."
    ),
    Reason.KEY_KEPT_BACK: (
        "Tell the user to call the sandbox without a key, or with one that begins with "
        "'sandbox'. For live data, connect to a live server."
    ),
    Reason.PLAN_REQUIRED: (
        "The workspace's plan does not include this. Tell the user; calling again "
        "will not help."
    ),
    Reason.SCOPE_MISSING: (
        "The API key lacks the scope for this. Tell the user which scopes are named "
        "here, and who can change the key."
    ),
    Reason.NOT_FOUND: (
        "Look the id up with the matching list tool. If it is there, tell the user "
        "that the key may belong to another workspace."
    ),
    Reason.CONFLICT: "Read the object's current state before changing it again.",
    Reason.TOO_LARGE: "Request less data: a smaller limit or a narrower filter.",
    Reason.RATE_LIMITED: "Wait, then call again with the same arguments.",
    Reason.OVERLOADED: "Nothing was sent. Call again with the same arguments.",
    Reason.SENDING_OFF: (
        "Tell the user that the operator decides when it is switched on."
    ),
    Reason.STOPPING: (
        "The server is restarting. Call again with the same arguments in a few seconds."
    ),
    Reason.UPSTREAM_FAILED: "Instantly had an internal error. Try again in a minute.",
    Reason.UNREACHABLE: (
        "Instantly could not be reached. Nothing was changed; try again in a minute."
    ),
    Reason.TIMEOUT: (
        "Instantly did not answer in time. Request less data, or try again later."
    ),
    Reason.STILL_RUNNING: (
        "Call again with the same arguments: that waits for the result of this call "
        "and sends nothing new."
    ),
    Reason.UNEXPECTED_REPLY: (
        "Instantly's reply could not be parsed. Try again in a minute."
    ),
    Reason.OUTCOME_UNKNOWN: (
        "It may or may not have happened. Read the current state, and tell the user."
    ),
    Reason.REPORTED_FAILURE: (
        "Instantly did not do it. Read the reason in the message, and tell the user."
    ),
}

TOOL_THAT_SHOWS: Mapping[str, str] = {
    "createAccount": "get_account",
    "patchAccount": "get_account",
    "deleteAccount": "get_account",
    "pauseAccount": "get_account",
    "resumeAccount": "get_account",
    "enableWarmupForAccounts": "get_account",
    "disableWarmupForAccounts": "get_account",
    "createCampaign": "list_campaigns",
    "patchCampaign": "get_campaign",
    "deleteCampaign": "get_campaign",
    "activateCampaign": "get_campaign",
    "pauseCampaign": "get_campaign",
    "createLead": "list_leads",
    "patchLead": "get_lead",
    "updateLeadInterestStatus": "get_lead",
    "deleteLead": "get_lead",
    "bulkAddLeads": "list_leads",
    "moveLeads": "list_leads",
    "createLeadList": "list_lead_lists",
    "patchLeadList": "list_lead_lists",
    "deleteLeadList": "list_lead_lists",
    "replyToEmail": "list_emails (email_type sent)",
    "markThreadAsRead": "list_emails",
    "createSuperSearchEnrichment": "verify_email (list_id)",
    "createEmailVerification": "verify_email (check_only)",
}
"""The tool that shows whether a write took effect, for every write in the catalog."""

WAIT_A_MINUTE = "Wait a minute, then call again with the same arguments."
NO_SUCH_LIST = (
    "If a filter names a campaign, list or account, compare it with the matching list "
    "tool; without one, calling again will not help: tell the user."
)
TELL_THE_OPERATOR = "Calling again will not help: tell the server operator."

_TRANSIENT = frozenset(
    {
        Reason.RATE_LIMITED,
        Reason.OVERLOADED,
        Reason.UPSTREAM_FAILED,
        Reason.UNREACHABLE,
        Reason.TIMEOUT,
    }
)
"""Failures that pass by themselves."""


def hint_for(error: ApiError) -> str:
    """Return what to do next; a known waiting time takes precedence over the table."""
    if in_doubt(error):
        shown_by = TOOL_THAT_SHOWS.get(error.operation_id)
        with_it = f" with {shown_by}" if shown_by else ""
        return f"It may have taken effect. Check{with_it}, and tell the user."
    operation = BY_ID.get(error.operation_id)
    if error.reason is Reason.NOT_FOUND and operation and operation.reads_many:
        return NO_SUCH_LIST
    if error.retry_after is not None and error.reason in _TRANSIENT:
        return f"Try again in {error.retry_after} s."
    if error.reason is Reason.RATE_LIMITED:
        return WAIT_A_MINUTE
    if error.reason is Reason.UPSTREAM_FAILED and error.status == 403:
        return TELL_THE_OPERATOR
    return HINTS[error.reason]


def will_pass(error: ApiError) -> bool:
    """Return whether the same call may succeed in a minute."""
    return error.reason in _TRANSIENT


def in_doubt(error: ApiError) -> bool:
    """Return whether a write may have taken effect although it failed."""
    operation = BY_ID.get(error.operation_id)
    if operation is None or operation.effect.read_only:
        return False
    if error.reason is Reason.UPSTREAM_FAILED:
        # Without a status nothing was sent: the circuit breaker is open.
        return error.status is not None and not operation.effect.idempotent
    if error.reason is Reason.TOO_LARGE:
        # With a status the request was refused for its size; without one the write
        # was made, and its reply was too large to read.
        return error.status is None
    return error.reason in (Reason.UNEXPECTED_REPLY, Reason.OUTCOME_UNKNOWN)
