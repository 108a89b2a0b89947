"""Names that models and users of earlier servers use for arguments.

Each name here has one certain meaning beside the argument that it stands for, in every
tool: `with_other_names` adds it to the accepted schema, at every level. A name that
could mean two arguments of a tool, such as ``id`` beside a campaign and a list, is
accepted for neither. Clients never see these names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...._json_codec import Json, JsonObject
from ....protocol.arguments.schema_annotations import (
    ALSO_NAMED,
    SUGGESTED_FOR,
    UNKNOWN_HINT,
    folded,
)

OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "bcc_address_email_list": ("bcc", "bcc_list", "bcc_emails"),
    "campaign": ("campaign_id", "from_campaign_id", "source_campaign_id", "id"),
    "campaign_id": ("campaign", "id"),
    "campaign_ids": ("campaigns", "ids"),
    "cc_address_email_list": ("cc", "cc_list", "cc_emails"),
    "company_name": ("company", "organization"),
    "contact_email": ("contact", "email", "email_address", "lead_email"),
    "custom_variables": ("variables", "custom_fields"),
    "eaccount": ("account", "account_email", "email_account"),
    "email": ("email_address", "mail_address"),
    "email_id": ("id", "uuid", "email_uuid"),
    "email_list": ("senders", "sending_accounts", "email_accounts"),
    "end_date": ("to_date", "date_to"),
    "first_name": ("given_name",),
    "is_unread": ("unread", "unread_only"),
    "job_id": ("id", "job", "background_job_id"),
    "last_name": ("family_name", "surname"),
    "lead": ("lead_email",),
    "lead_id": ("id", "lead"),
    "limit": ("page_size", "per_page", "max_results"),
    "list_id": ("list", "lead_list", "lead_list_id", "from_list_id", "id"),
    "lt_interest_status": ("interest", "interest_status"),
    "max_wait_seconds": ("wait_seconds",),
    "phone": ("phone_number", "telephone"),
    "reply_to_uuid": ("email_id", "id", "uuid", "reply_to_id"),
    "search": ("query", "search_query", "search_term"),
    "start_date": ("from_date", "date_from"),
    "starting_after": ("cursor", "next_cursor", "next_starting_after", "page_token"),
    "thread_id": ("id", "thread"),
    # Beside `campaign`, the source of a move, `campaign_id` could mean either.
    "to_campaign_id": ("to_campaign", "target_campaign_id", "campaign_id"),
    "to_list_id": ("to_list", "target_list_id"),
    "wait_seconds": ("max_wait_seconds",),
    "website": ("website_url", "company_website"),
}

SUGGESTIONS: Mapping[str, tuple[str, ...]] = {
    "filter": ("status", "lead_status"),
    "job_title": ("title", "position", "role"),
    "lt_interest_status": ("status", "lead_status", "label"),
    "max_wait_seconds": ("skip_polling", "poll_interval_seconds"),
    "search": ("thread_id", "thread"),
}
"""Names of which an error says what was probably meant: the values may differ."""

OWN_FIELDS_HINT = "Put fields of your own into custom_variables."


def with_other_names(schema: Json) -> Json:
    """Return an accepted schema with the other names of all members."""
    if isinstance(schema, list):
        return [with_other_names(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    members = schema.get("properties")
    inner = {
        keyword: with_other_names(value)
        for keyword, value in schema.items()
        if value is not members
    }
    if not isinstance(members, Mapping):
        return inner
    uses = Counter(
        folded(each)
        for name, member in members.items()
        for each in {name, *OTHER_NAMES.get(name, ()), *member.get(ALSO_NAMED, ())}
    )
    inner["properties"] = {
        name: {**with_other_names(each), **_names_of(name, each, uses)}
        for name, each in members.items()
    }
    if "custom_variables" in members:
        inner[UNKNOWN_HINT] = OWN_FIELDS_HINT
    return inner


def _names_of(name: str, schema: JsonObject, uses: Counter[str]) -> JsonObject:
    """Return the annotations of a member.

    :param uses: how many members of the object each folded name could mean.
    """
    certain = [each for each in OTHER_NAMES.get(name, ()) if uses[folded(each)] == 1]
    noted = {
        ALSO_NAMED: [*schema.get(ALSO_NAMED, ()), *certain],
        SUGGESTED_FOR: [*schema.get(SUGGESTED_FOR, ()), *SUGGESTIONS.get(name, ())],
    }
    return {keyword: names for keyword, names in noted.items() if names}
