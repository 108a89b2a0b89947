"""The arguments that several tools for leads have in common."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ...results import CallRefusedError
from ...workspace.labels import ANY_ESG, ESG_WORDS, to_esg, to_interest, to_lead_filter
from ...workspace.mail.addresses import MAX_ADDRESS
from ...workspace.names import CAMPAIGNS, LEAD_LISTS
from ..declaring.argument import Argument, Convert, argument
from .shared import NAME, TEXT, TEXTS, id_of, reference
from .strict_schemas import strict_schema

CHOSEN: JsonObject = {"type": "array", "items": NAME, "minItems": 1}
"""A selection: an empty or blank one must not become one of all leads."""

INTEREST_VALUE = {"type": ["string", "integer"]}
VARIABLES: JsonObject = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}
"""An object with a member for each; clients see a list of names and values."""
FILTER_NAMES = (
    "contacted, not_contacted, replied, link_clicked, bounced, unsubscribed, "
    "interested, meeting_booked … (or FILTER_…)"
)
INTEREST_NAMES = (
    "interested, meeting_booked, meeting_completed, won, out_of_office, "
    "not_interested, wrong_person, lost, no_show"
)


def lead_id(value: Json) -> Json:
    """Return the id without surrounding spaces.

    :raises CallRefusedError: for an address or a name, which several leads may have.
    """
    id = str(value).strip()
    if len(id.split()) > 1:
        raise CallRefusedError(
            "bad_argument",
            "lead_id is not an id: an id has no spaces.",
            "Take the id of the lead that is meant from list_leads; its search takes "
            "a name.",
        )
    if "@" in id:
        raise CallRefusedError(
            "bad_argument",
            "lead_id is an address; several leads may have it.",
            f"Take the id of the lead that is meant from list_leads with contacts "
            f"[{id[:MAX_ADDRESS]}].",
        )
    return id


def lead_ids(name: str) -> Convert:
    """Return the conversion of a list of lead ids, which refuses addresses.

    Instantly finds no lead by them: an address among the ids selects nothing, and one
    among the excluded ids excludes nothing.
    """

    def convert(value: Json) -> Json:
        ids = [str(each).strip() for each in value]
        if any("@" in id for id in ids):
            raise CallRefusedError(
                "bad_argument",
                f"{name} takes the ids of leads, not addresses.",
                "Give the addresses of wanted leads as contacts, or take the ids of "
                "leads from list_leads.",
            )
        return ids

    return convert


QUERIES_HINT = (
    'Use [{"actionType": "reply", "values": {"occurrence-days": 30}}]; values may also '
    'hold "occurrence-count" {condition, count} and "lead-status" {status, condition}.'
)
LEAD_ID = id_of("lead_id", convert=lead_id)
ESG = argument(
    "esg_code",
    schema=ANY_ESG,
    listed={"enum": [*ESG_WORDS]},
    description="security gateway",
    convert=to_esg,
)
PERSON = ("first_name", "last_name", "company_name", "job_title", "phone", "website")
OF_A_LEAD = (*PERSON, "personalization", "pl_value_lead", "assigned_to")
SKIPS = ("skip_if_in_workspace", "skip_if_in_campaign", "skip_if_in_list")

ONE_LEAD: JsonObject = {
    "type": "object",
    "properties": {
        "email": TEXT,
        **dict.fromkeys(OF_A_LEAD, TEXT),
        "lt_interest_status": INTEREST_VALUE,
        "custom_variables": VARIABLES,
    },
    "additionalProperties": False,
}


def details(schema: JsonObject) -> tuple[Argument, ...]:
    """Declare the settings of one lead."""
    return (
        *(argument(name, schema=schema) for name in OF_A_LEAD),
        argument(
            "lt_interest_status",
            schema=INTEREST_VALUE,
            description=INTEREST_NAMES,
            convert=to_interest,
            resets=True,
        ),
        argument("custom_variables", schema=VARIABLES),
    )


def skips() -> tuple[Argument, ...]:
    """Declare the flags that skip leads which exist elsewhere."""
    return tuple(argument(name) for name in SKIPS)


def selection(description: str, text: JsonObject = TEXT) -> tuple[Argument, ...]:
    """Declare the arguments that select leads.

    :param description: the description of ``filter``.
    :param text: the schema of ``search`` and ``filter``.
    """
    return (
        reference("campaign", CAMPAIGNS, description="campaign id"),
        reference("list_id", LEAD_LISTS),
        argument(
            "ids",
            schema=CHOSEN,
            listed=TEXTS,
            description="lead ids",
            convert=lead_ids("ids"),
            also_named=("lead_ids", "included_ids"),
        ),
        argument("excluded_ids", schema=TEXTS, convert=lead_ids("excluded_ids")),
        argument(
            "contacts",
            schema=CHOSEN,
            listed=TEXTS,
            description="addresses",
            also_named=("emails",),
        ),
        argument("search", schema=text, description="name or address"),
        argument(
            "filter", schema=text, description=description, convert=to_lead_filter
        ),
        argument(
            "queries",
            schema={**strict_schema("listLeads", "queries"), "minItems": 1},
            description="[{actionType, values}]",
            hint=QUERIES_HINT,
            unlisted=True,
        ),
        argument("in_campaign"),
        argument("in_list"),
    )
