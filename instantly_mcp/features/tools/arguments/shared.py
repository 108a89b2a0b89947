"""Arguments, output schemas and reshaping functions that several tools share."""

from __future__ import annotations

from functools import partial
from typing import Any

from ...._json_codec import Json, JsonObject
from ...results import page
from ...workspace.conversions import comma_list, stripped
from ...workspace.job_following import MAX_TASK_SECONDS, MAX_WAIT_SECONDS
from ...workspace.labels import View
from ...workspace.mail.addresses import MAX_RECIPIENTS, checked_addresses
from ...workspace.names import ACCOUNTS, ObjectKind
from ..declaring.argument import Argument, Convert, argument, required
from ..declaring.declaration import Reshape
from .identifiers import identifier

TEXT: JsonObject = {"type": "string"}
TEXTS: JsonObject = {"type": "array", "items": TEXT}
FLAG: JsonObject = {"type": "boolean"}
COUNT: JsonObject = {"type": "integer"}
ID: JsonObject = {"type": "string", "minLength": 1}
NAME: JsonObject = {"type": "string", "pattern": "\\S"}
"""A name that is not blank."""


def members(**schemas: Json) -> JsonObject:
    """Return the schema of an object with these members; it may have others."""
    return {"type": "object", "properties": schemas}


def list_of(**schemas: Json) -> JsonObject:
    """Return the schema of a list of objects with these members."""
    return {"type": "array", "items": members(**schemas)}


PAGE: JsonObject = members(has_more=FLAG, next_cursor=TEXT)
LIST_OUTPUT: JsonObject = {"items": list_of(id=TEXT), "page": PAGE}
JOB_OUTPUT: JsonObject = {"job": members(id=TEXT, status=TEXT)}
CAMPAIGN_OUTPUT: JsonObject = {"campaign": members(id=TEXT)}

ACCOUNT_NAMES = ("account", "account_email", "eaccount", "mailbox")
"""Other names of an address that is that of a sending account."""

CURSOR = argument(
    "starting_after",
    schema=TEXT,
    description="page.next_cursor of the last page",
)

DRY_RUN = argument("dry_run", schema=FLAG, description="only show what would go")
"""Of a deletion: read the thing and what depends on it, and delete nothing."""

WAIT = argument(
    "wait_seconds",
    schema={"type": "integer", "minimum": 0, "maximum": int(MAX_TASK_SECONDS)},
    listed={"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS},
    description="wait this long for the job to end",
)


def id_of(
    name: str,
    to: str = "id",
    description: str = "",
    convert: Convert | None = None,
    refers_to: ObjectKind | None = None,
) -> Argument:
    """Declare the required id of the object that the tool works on.

    :param convert: by default spaces around the id are removed, and a text that can
        only be a name is refused unless names are accepted.
    :param refers_to: the kind of object, if its name is accepted as well.
    """
    if convert is None:
        convert = identifier(name) if refers_to is None else stripped
    return required(
        name,
        to=to,
        schema=ID,
        description=description,
        convert=convert,
        refers_to=refers_to,
        also_named=ACCOUNT_NAMES if refers_to is ACCOUNTS else (),
    )


def reference(name: str, kind: ObjectKind, **given: Any) -> Argument:
    """Declare an optional argument that takes the id or the name of an object."""
    return argument(name, schema=ID, refers_to=kind, **given)


def addresses_of(name: str, most: int = MAX_RECIPIENTS) -> Convert:
    """Return the conversion of an argument that is a list of addresses for mail.

    :param most: how many addresses are allowed.
    """
    return partial(checked_addresses, argument=name, most=most)


def comma_separated(
    name: str, description: str = "comma-separated", **given: Any
) -> Argument:
    """Declare an optional argument of values with commas between; also as a list."""
    either: JsonObject = {"anyOf": [TEXT, TEXTS]}
    return argument(
        name,
        schema=either,
        listed=TEXT,
        description=description,
        convert=comma_list,
        **given,
    )


def paging(default: int = 25) -> tuple[Argument, Argument]:
    """Declare the two arguments of every list tool: limit and cursor."""
    limit = {"type": "integer", "minimum": 1, "maximum": 100}
    return argument("limit", schema=limit, default=default), CURSOR


def listing(shape: View) -> Reshape:
    """Return a function that makes a page from a list reply."""

    def reshape(reply: Json, given: JsonObject) -> Json:
        return page(reply, shape)

    return reshape


def single(shape: View) -> Reshape:
    """Return a function that makes one object from a reply."""

    def reshape(reply: Json, given: JsonObject) -> Json:
        return shape(reply) if isinstance(reply, dict) else {"result": reply}

    return reshape


def by_id(item: JsonObject, given: JsonObject) -> str | None:
    """Return the cursor after an item of a list that is paged by id."""
    return item.get("id")
