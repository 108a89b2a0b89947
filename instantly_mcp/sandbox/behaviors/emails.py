"""The Unibox: list and read e-mails, reply to one, count unread, mark as read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._json_codec import JsonObject
from ..call import Behavior, OperationCall
from ..errors import bad_request, not_found
from ..lead_factory import is_address
from ..mail import MailContent, add_to_outbox, manual_mail, text_of
from ..paging import by_id, id_cursor, page_after_key
from ..records import ApiObject, MailType, Predicate
from ..timeline import format_time, is_range, parse_time
from ..world import World

_TYPES = {
    "received": MailType.RECEIVED,
    "sent": MailType.CAMPAIGN,
    "manual": MailType.MANUAL,
}
_FOCUS = {"emode_focused": 1, "emode_others": 0}
_THREAD = "thread:"


def find_email(world: World, id: str) -> ApiObject:
    """Return an e-mail.

    :raises SandboxError: 404 when the workspace has no e-mail with that id.
    """
    found = world.emails.get(id)
    if found is None:
        raise not_found("Email")
    return found


def list_emails(world: World, call: OperationCall) -> ApiObject:
    """``GET /emails``: newest first by default; the cursor is an id."""
    query = call.query
    descending = query.get("sort_order", "desc") == "desc"
    tests = list(_tests(world, query))
    emails = world.emails.values()
    ordered: Iterable[ApiObject] = reversed(emails) if descending else emails
    found = (mail for mail in ordered if all(test(mail) for test in tests))
    after = id_cursor(query.get("starting_after"))
    reply = page_after_key(
        found, query.get("limit"), after, by_id, descending=descending
    )
    if query.get("preview_only"):
        reply["items"] = [{**mail, "body": {}} for mail in reply["items"]]
    return reply


def get_email(world: World, call: OperationCall) -> ApiObject:
    """``GET /emails/{id}``."""
    return find_email(world, call.path["id"])


def reply_to_email(world: World, call: OperationCall) -> ApiObject:
    """``POST /emails/reply``: puts the reply into the outbox only."""
    given = call.body
    answered = find_email(world, given["reply_to_uuid"])
    account = world.accounts.get(given["eaccount"].lower())
    if account is None:
        raise not_found("Email account")
    if account.shown["status"] < 0:
        raise bad_request("The email account is not connected")
    content = _reply_content(given)
    mail = manual_mail(
        world, answered, account.email, content, _recipients(given, answered)
    )
    for name in ("cc_address_email_list", "bcc_address_email_list", "reminder_ts"):
        if given.get(name):
            mail[name] = given[name]
    _check_copies(given)
    lead = world.leads.get(answered.get("lead_id") or "")
    if lead is not None:
        lead.shown["timestamp_last_touch"] = world.timestamp()
        if "assigned_to" in given:
            lead.shown["assigned_to"] = given["assigned_to"]
    world.add_email(mail)
    add_to_outbox(world, mail, "reply")
    return mail


def count_unread(world: World, call: OperationCall) -> ApiObject:
    """``GET /emails/unread/count``: automatic replies count as well."""
    return {"count": sum(mail["is_unread"] for mail in world.emails.values())}


def mark_thread_read(world: World, call: OperationCall) -> ApiObject:
    """``POST /emails/threads/{thread_id}/mark-as-read``."""
    thread = world.threads.get(call.path["thread_id"])
    if thread is None:
        raise not_found("Thread")
    for id in thread:
        world.emails[id]["is_unread"] = 0
    return {"success": True}


def _reply_content(given: JsonObject) -> MailContent:
    html, text = given["body"].get("html"), given["body"].get("text")
    if not html and not text:
        raise bad_request("body/body must have html or text")
    return MailContent(
        subject=given["subject"],
        text=text or text_of(html),
        html=html or text.replace("\n", "<br/>"),
    )


def _recipients(given: JsonObject, answered: ApiObject) -> list[str]:
    received = answered["ue_type"] == MailType.RECEIVED
    first = answered["from_address_email" if received else "to_address_email_list"]
    return [*str(first).split(","), *given.get("additional_recipients", ())]


def _check_copies(given: JsonObject) -> None:
    for name in ("cc_address_email_list", "bcc_address_email_list"):
        addresses = [one for one in (given.get(name) or "").split(",") if one.strip()]
        if not all(is_address(one) for one in addresses):
            raise bad_request(f"body/{name} must be a comma-separated list of e-mails")


def _tests(world: World, query: JsonObject) -> Iterable[Predicate]:
    search = query.get("search")
    if search and search.startswith(_THREAD):
        thread = search[len(_THREAD) :]
        yield lambda mail: mail["thread_id"] == thread
    elif search:
        yield _mentions(search.strip().lower())
    for name in ("campaign_id", "list_id", "i_status"):
        if name in query:
            yield _equal(name, query[name])
    if query.get("lead"):
        yield _equal("lead", query["lead"].lower())
    if query.get("eaccount"):
        accounts = {one.strip().lower() for one in query["eaccount"].split(",")}
        yield lambda mail: mail["eaccount"] in accounts
    yield from _states(world, query)
    yield from _times(query)
    yield from _people(world, query)


def _states(world: World, query: JsonObject) -> Iterable[Predicate]:
    if "is_unread" in query:
        yield _equal("is_unread", int(query["is_unread"]))
    if query.get("mode") in _FOCUS:
        yield _equal("is_focused", _FOCUS[query["mode"]])
    if "email_type" in query:
        yield _equal("ue_type", _TYPES[query["email_type"]])
    if query.get("scheduled_only"):
        yield _equal("ue_type", MailType.SCHEDULED)
    if "has_reminder" in query:
        yield lambda mail: bool(mail.get("reminder_ts")) is query["has_reminder"]
    if query.get("marked_as_done"):
        yield lambda mail: False
    if query.get("latest_of_thread"):
        latest = {thread[-1] for thread in world.threads.values()}
        yield lambda mail: mail["id"] in latest


def _times(query: JsonObject) -> Iterable[Predicate]:
    first = _edge("min_timestamp_created", query)
    last = _edge("max_timestamp_created", query)
    if not is_range(first, last):
        raise bad_request(
            "querystring/min_timestamp_created must not be after max_timestamp_created"
        )
    if first is not None:
        earliest = format_time(first)
        yield lambda mail: mail["timestamp_created"] >= earliest
    if last is not None:
        latest = format_time(last)
        yield lambda mail: mail["timestamp_created"] <= latest


def _people(world: World, query: JsonObject) -> Iterable[Predicate]:
    if query.get("company_domain"):
        ending = f"@{query['company_domain'].lower()}"
        yield lambda mail: str(mail.get("lead") or "").endswith(ending)
    if query.get("assigned_to"):
        assigned = {
            lead.id
            for lead in world.all_leads()
            if lead.shown.get("assigned_to") == query["assigned_to"]
        }
        yield lambda mail: mail.get("lead_id") in assigned


def _mentions(text: str) -> Predicate:
    def matches(mail: ApiObject) -> bool:
        return text in str(mail.get("lead") or "").lower() or text in mail["eaccount"]

    return matches


def _equal(name: str, value: object) -> Predicate:
    return lambda mail: bool(mail.get(name) == value)


def _edge(name: str, query: JsonObject) -> float | None:
    try:
        return parse_time(query[name]) if query.get(name) else None
    except ValueError:
        raise bad_request(f"querystring/{name} must be an ISO 8601 time") from None


BEHAVIORS: Mapping[str, Behavior] = {
    "listEmail": list_emails,
    "getEmail": get_email,
    "replyToEmail": reply_to_email,
    "countUnreadEmails": count_unread,
    "markThreadAsRead": mark_thread_read,
}
