"""Which members of results have text of this server or codes of Instantly, as data.

Text of all other members is untrusted, also that of members which the API may add.
`tests/features/untrusted/test_members.py` goes through all results of the sandbox.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

OWN_WORDS = frozenset(
    {"hint", "message", "notice", "warning", "warnings", "advice", "meaning", "next"}
    | {"because", "says", "fix", "includes", "verdict", "grade", "then_waits", "note"}
    | {
        "shows",
        "check",
        "checked_later",
        "remarks",
        "findings",
        "reason",
        "definition",
        "unit",
    }
    | {"there", "shows", "utc", "sends_from", "step", "plan_name", "error_type"}
)
"""Sentences and words of this server. What they quote is marked by `quoted`."""

OWN_TREES = frozenset({"definitions", "defaults_applied", "related", "untrusted"})
OWN_TREES |= {"approval_command"}
OWN_TREES |= {"obstacles", "done_before", "next_cursor", "confirm_token"}
OWN_TREES |= {"look_at", "cap", "room_at"}
"""Members in which every text is of this server, and quotes nothing."""

FREE_FORM = frozenset({"status_message", "data", "attachment_json", "personalization"})
"""Objects in which every text is untrusted, whatever its member is called."""

MAPS = frozenset({"payload", "custom_variables", "core_variables", "variables"})
MAPS |= {"filled", "used_in_steps", "variables_in_steps", "leads_have"}
"""Objects in which other people choose the names of the members, too."""

VARIABLES = frozenset(
    {"firstName", "lastName", "companyName", "jobTitle", "website", "phone", "email"}
    | {"personalization", "linkedIn", "location", "companyDomain", "name", "value"}
)
"""The names in `MAPS` that Instantly chose."""

CODES = frozenset(
    {"id", "ids", "status", "state", "type", "kind", "role", "mode", "stage", "outcome"}
    | {"code", "operation", "argument", "tool", "scopes", "reset", "interest", "warmup"}
    | {"changed", "changes", "not_changed", "asked", "used", "days", "timezone"}
    | {"interval", "increment", "delay_unit", "tracked", "esp", "provider", "campaign"}
    | {"organization", "added_by", "modified_by", "owned_by", "uploaded_by_user"}
    | {"approval", "approval_page"}
    | {"assigned_to", "stepID", "upload_method", "last_step_from", "suggestions"}
    | {"workspace"}
)
NOT_CODES = frozenset({"message_id"})
"""Members that are called like codes, but that the sender of a mail writes."""

CODE_ENDINGS = ("_id", "_ids", "_label", "_status", "_type", "_code", "_zone")

TOKEN = re.compile(r"[A-Za-z0-9_.:/+@&=%|-]{0,120}(?:\[\d{1,5}\])?")
"""What a code of Instantly looks like. Other text of a coded member is untrusted, and
so are times and addresses that are not `PLAIN`: the sender of a mail chooses them."""

_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?\.){1,4}[a-z]{2,20}"
PLAIN = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|[-+]?[\d.,:%/() -]{1,40}"
    rf"|[a-z0-9._+-]{{1,64}}@{_DOMAIN}"
    rf"|(?:https?://)?{_DOMAIN}/?",
    re.IGNORECASE,
)
"""Ids, times, numbers, plain addresses and domains, also those of other people: they
are values that a model passes on, and have no room for sentences."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}(?:[_.-][A-Za-z0-9]{1,20}){0,3}")
"""A name of a member that has no room for sentences."""

SCHEMA_NAME = re.compile(r"(?=.{1,40}\Z)[a-z][a-z0-9]{0,19}(?:_[a-z0-9]{1,19}){0,6}")
"""A name as the API and this server give them, such as ``reply_count_unique_by_step``.
In a free-form object only a shorter one counts as such."""


class Treatment(Enum):
    """How the text of a member is treated."""

    OWN = "own"
    OWN_TREE = "own tree"
    CODE = "code"
    FREE = "free"
    MAP = "map"
    UNTRUSTED = "untrusted"


@lru_cache(maxsize=4096)
def treatment_of(name: str) -> Treatment:
    """Return how the text of a member is treated."""
    if name in OWN_WORDS:
        return Treatment.OWN
    if name in OWN_TREES:
        return Treatment.OWN_TREE
    if name in FREE_FORM:
        return Treatment.FREE
    if name in MAPS:
        return Treatment.MAP
    is_code = name in CODES or name.endswith(CODE_ENDINGS)
    if is_code and name not in NOT_CODES:
        return Treatment.CODE
    return Treatment.UNTRUSTED


@lru_cache(maxsize=4096)
def is_plain_name(name: str) -> bool:
    """Return whether the name of a member of a free-form object needs no mark."""
    return NAME.fullmatch(name) is not None or PLAIN.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_schema_name(name: str) -> bool:
    """Return whether the name of a member of any other object needs no mark."""
    return SCHEMA_NAME.fullmatch(name) is not None or is_plain_name(name)
