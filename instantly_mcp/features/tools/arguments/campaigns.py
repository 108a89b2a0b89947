"""The arguments that create_campaign and update_campaign have in common.

Each is declared once. Both tools take the arguments of people (steps with waits,
hours, weekdays), and unlisted the form of Instantly's API for the same settings. What
is rarely used is not listed either: each listed argument costs every model tokens.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from ...._json_codec import Json, JsonObject
from ....protocol.arguments.schema_annotations import EMPTY_COUNTS, SUGGESTED_FOR
from ...results import CallRefusedError
from ...workspace.campaigns.schedule import WEEK
from ...workspace.names import ACCOUNTS
from ..declaring.argument import Argument, argument
from . import campaign_api_forms as forms
from .shared import FLAG, TEXT, TEXTS, addresses_of

MOST_COPIES = 10
"""The most addresses of cc_list, and of bcc_list."""

EMPTIES: JsonObject = {"resets": True, "resets_to": []}
"""Of a list that a reset empties: an empty list in an argument says nothing."""

ONE_OR_MORE: JsonObject = {"type": "integer", "minimum": 1}
LIMIT: JsonObject = {"type": "number", "minimum": 0}
GAP: JsonObject = {"type": "integer", "minimum": 1, "maximum": 1440}
CLOCK_TIME: JsonObject = {"type": "string", "pattern": "^([01]?\\d|2[0-3]):[0-5]\\d$"}
CLOCK_HINT = 'Write a time as "09:00" or "17:30".'
DAYS_HINT = 'Write days as ["monday", "tuesday"].'
VARIANT_FIELDS = {"subject": {**TEXT, EMPTY_COUNTS: True}, "body": TEXT}
DAYS: JsonObject = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "string", "enum": list(WEEK)},
}
DAY_OF_SHORT: Mapping[str, str] = {day[:3]: day for day in WEEK}
DAYS_OR_FLAGS: JsonObject = {
    "anyOf": [
        {**DAYS, "items": {"type": "string", "enum": [*WEEK, *DAY_OF_SHORT]}},
        {
            "type": "object",
            "properties": dict.fromkeys(WEEK, FLAG),
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}
"""A list of days, also in three letters, or as earlier servers took them: a flag for
each day."""

STEPS: JsonObject = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": {
            **VARIANT_FIELDS,
            "variants": {
                "type": "array",
                "description": "A/B alternatives",
                "items": {
                    "type": "object",
                    "properties": VARIANT_FIELDS,
                    "required": ["body"],
                    "additionalProperties": False,
                },
            },
            "wait": {
                "type": "number",
                "minimum": 0,
                "description": "before this step, default 3",
                # Instantly's delay is the wait after a step.
                SUGGESTED_FOR: ["delay", "delay_days", "wait_days"],
            },
            "wait_unit": {"type": "string", "enum": ["days", "hours", "minutes"]},
        },
        "required": ["body"],
        "additionalProperties": False,
    },
}


def two_digit_hour(value: Json) -> str:
    """Return a time of the day with two digits for the hour: ``09:00`` for ``9:00``."""
    return str(value).zfill(5)


def chosen_days(value: Json) -> Json:
    """Return the names of the chosen days.

    :raises CallRefusedError: when none is chosen.
    """
    if isinstance(value, dict):
        value = [day for day in WEEK if value.get(day)]
    if not value:
        raise CallRefusedError(
            "bad_argument",
            "No day of days is chosen.",
            "Name at least one day, such as monday.",
        )
    return [DAY_OF_SHORT.get(day, day) for day in value]


COPY = (
    argument("subject", schema=TEXT),
    argument("body", schema=TEXT, suggested_for=("message", "content", "text", "html")),
    argument(
        "steps",
        schema=STEPS,
        suggested_for=("sequence", "emails", "follow_ups"),
        description="whole sequence; an empty follow-up subject joins the thread",
    ),
)
SCHEDULE = (
    argument("timezone", schema=TEXT),
    argument("timing_from", schema=CLOCK_TIME, convert=two_digit_hour, hint=CLOCK_HINT),
    argument("timing_to", schema=CLOCK_TIME, convert=two_digit_hour, hint=CLOCK_HINT),
    argument(
        "days",
        schema=DAYS_OR_FLAGS,
        listed=DAYS,
        convert=chosen_days,
        hint=DAYS_HINT,
    ),
    argument("start_date", schema=TEXT, description="YYYY-MM-DD", resets=True),
    argument("end_date", schema=TEXT, resets=True),
)
LISTED = (
    argument(
        "email_list",
        suggested_for=("from_email", "from_emails", "accounts"),
        description="sending accounts",
        refers_to=ACCOUNTS,
    ),
    argument("daily_limit", schema=LIMIT, listed=ONE_OR_MORE),
    argument(
        "email_gap",
        schema=LIMIT,
        listed=GAP,
        also_named=("email_gap_minutes",),
        description="minutes",
    ),
    argument("track_opens", to="open_tracking", also_named=("open_tracking",)),
    argument(
        "track_clicks",
        to="link_tracking",
        listed=FLAG,
        also_named=("link_tracking",),
    ),
    argument("stop_on_reply", listed=FLAG),
    argument("stop_on_auto_reply", listed=FLAG),
    argument("text_only", listed=FLAG),
    argument("daily_max_leads", listed=ONE_OR_MORE),
    argument("stop_for_company", listed=FLAG),
)
RARE = (
    argument(
        "cc_list",
        schema=TEXTS,
        description="addresses that get a copy of each mail",
        convert=addresses_of("cc_list", MOST_COPIES),
        **EMPTIES,
    ),
    argument(
        "bcc_list",
        schema=TEXTS,
        description="addresses that get a hidden copy of each mail",
        convert=addresses_of("bcc_list", MOST_COPIES),
        **EMPTIES,
    ),
    argument(
        "email_tag_list",
        description="ids of tags, whose accounts send; instead of email_list",
        **EMPTIES,
    ),
    argument("pl_value", description="value of each positive lead"),
    argument("is_evergreen"),
    argument("random_wait_max", description="most minutes added to email_gap"),
    argument("first_email_text_only"),
    argument("prioritize_new_leads"),
    argument(
        "auto_variant_select",
        description="{trigger:'reply_rate'|'click_rate'|'open_rate'}",
        schema=forms.VARIANT_CHOICE,
        hint=forms.VARIANT_CHOICE_HINT,
    ),
    argument("match_lead_esp", description="send to each provider from the same one"),
    argument("insert_unsubscribe_header"),
    argument("allow_risky_contacts"),
    argument("disable_bounce_protect"),
    argument(
        "limit_emails_per_company_override",
        description=(
            "{mode:'custom'|'disabled',daily_limit,"
            "scope:'per_campaign'|'across_workspace'}"
        ),
        schema=forms.COMPANY_LIMIT,
        hint=forms.COMPANY_LIMIT_HINT,
    ),
    argument("owned_by", description="id of a member of the workspace"),
    argument(
        "provider_routing_rules",
        schema=forms.RULES,
        description="[{action:'send'|'do_not_send',recipient_esp:[],sender_esp:[]}]",
        hint=forms.RULES_HINT,
        **EMPTIES,
    ),
)
API_FORM = (
    argument(
        "campaign_schedule",
        schema=forms.SCHEDULE,
        description=(
            "instead of timezone, timing, days and dates: "
            '{schedules:[{name,timing:{from,to},days:{"0".."6"},timezone}],'
            "start_date,end_date}; day 0 is Sunday, any IANA timezone"
        ),
        convert=forms.schedule,
        hint=forms.SCHEDULE_HINT,
    ),
    argument(
        "sequences",
        schema=forms.SEQUENCES,
        description=(
            "instead of subject, body and steps: "
            "[{steps:[{type:'email',delay,delay_unit,variants:[{subject,body}]}]}]; "
            "delay is the wait before the next step"
        ),
        hint=forms.SEQUENCES_HINT,
    ),
)
OLD = (
    argument("sequence_steps", schema=ONE_OR_MORE, description="number of mails"),
    argument(
        "sequence_bodies", schema=TEXTS, description="of all mails; better: steps"
    ),
    argument("sequence_subjects", schema=TEXTS, description="of all mails"),
    argument(
        "step_delay_days", schema=ONE_OR_MORE, description="wait before each follow-up"
    ),
)
"""Arguments of earlier servers; `workspace.campaigns.old_sequences` reads them."""

UNLISTED = tuple(evolve(each, unlisted=True) for each in (*RARE, *API_FORM, *OLD))


def for_create(defaults: Mapping[str, Json]) -> tuple[Argument, ...]:
    """Return the arguments of create_campaign after its name.

    :param defaults: what its work assumes, by the API's name.
    """
    assumed = (
        _assumed(each, defaults.get(each.to)) for each in (*COPY, *SCHEDULE, *LISTED)
    )
    return (*assumed, *UNLISTED)


def for_update() -> tuple[Argument, ...]:
    """Return the arguments of update_campaign after id and name."""
    return (*COPY, *SCHEDULE, *LISTED, *UNLISTED)


def _assumed(each: Argument, default: Json) -> Argument:
    if default is None:
        return each
    if each.name == "days":
        return evolve(each, description="default Monday to Friday")
    return evolve(each, default=default, fills=False)
