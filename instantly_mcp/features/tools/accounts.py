"""Tools for sending accounts."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...catalog.codes import ACCOUNT_STATUS, PROVIDER
from ...protocol.calls.call import Call
from ...protocol.primitives.tool import TaskSupport
from ..workspace.context import FeatureContext
from ..workspace.job_following import disable_warmup, enable_warmup
from ..workspace.jobs import started
from ..workspace.labels import names_and_codes, to_code
from ..workspace.mail.addresses import checked_address
from ..workspace.names import ACCOUNTS
from ..workspace.reply_values import as_object
from ..workspace.views.accounts import ACCOUNT_SUMMARY, ACCOUNT_VIEW
from .arguments.shared import (
    DRY_RUN,
    FLAG,
    JOB_OUTPUT,
    LIST_OUTPUT,
    TEXT,
    WAIT,
    comma_separated,
    id_of,
    list_of,
    listing,
    paging,
    single,
)
from .arguments.strict_schemas import strict_schema
from .declaring.argument import Convert, argument, required
from .declaring.declaration import ToolDeclaration
from .declaring.hints import ADDITIVE, DESTRUCTIVE, IDEMPOTENT, READ_ONLY
from .workflows.deletions import DELETE_ACCOUNT


def address_in(argument: str) -> Convert:
    """Return the conversion of an argument that must be one plain address."""
    return lambda value: checked_address(value, argument)


EMAIL = id_of("email", to="email", convert=address_in("email"))
ACCOUNT = id_of("email", to="email", refers_to=ACCOUNTS)
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
WARMUP_HINT = (
    "Use limit, increment, reply_rate, warmup_custom_ftag and advanced {warm_ctd, "
    "open_rate, important_rate, read_emulation, spam_save_rate, weekday_only}."
)


def cursor_after(account: JsonObject, given: JsonObject) -> str | None:
    """Return the cursor after an account: its creation time and its address."""
    created = account.get("timestamp_created")
    return f"{created}&{account['email']}" if created else None


def vitals(reply: Json, given: JsonObject) -> JsonObject:
    """Return which accounts passed; that the test ran does not mean it passed."""
    facts = as_object(reply)
    failed = facts.get("failure_list") or []
    passed = facts.get("success_list") or []
    return {
        "tested": given["accounts"],
        "all_passed": bool(passed) and not failed,
        "passed": passed,
        "failed": failed,
    }


def in_list(value: Json) -> list[str]:
    """Return a list that contains only this address."""
    return [str(value).strip()]


ACCOUNT_IN_LIST = id_of("email", to="emails", convert=in_list, refers_to=ACCOUNTS)


async def manage_account_state(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Run one of five actions on an account."""
    action, email = given["action"], given["email"]
    if action in ("pause", "resume"):
        reply = await context.fetch(f"{action}Account", {"email": email}, call)
        return ACCOUNT_VIEW(reply)
    if action == "test_vitals":
        asked = {"accounts": [email]}
        return vitals(await context.execute("testAccountVitals", asked, call), asked)
    verb = action.removesuffix("_warmup")
    asked = {"emails": [email]}
    return started(
        await context.execute(f"{verb}WarmupForAccounts", asked, call), asked
    )


TOOLS = (
    ToolDeclaration(
        name="list_accounts",
        title="List mailboxes",
        description=(
            "Show the workspace's sending accounts (senders, inboxes) with status "
            "(disconnected ones have an error), limits and warm-up score. Details: "
            "get_account."
        ),
        toolset="accounts",
        hints=READ_ONLY,
        operation="listAccount",
        arguments=(
            *paging(),
            argument("search", description="part of an address, or a domain"),
            argument(
                "status",
                schema=names_and_codes(ACCOUNT_STATUS),
                convert=to_code(ACCOUNT_STATUS),
            ),
            argument(
                "provider_code",
                schema=names_and_codes(PROVIDER),
                convert=to_code(PROVIDER),
            ),
            comma_separated("tag_ids"),
        ),
        reshape=listing(ACCOUNT_SUMMARY),
        cursor_of=cursor_after,
        output={**LIST_OUTPUT, "items": list_of(email=TEXT)},
    ),
    ToolDeclaration(
        name="get_account",
        title="Get mailbox",
        description=(
            "Read one sending account (sender) with all its settings and limits."
        ),
        toolset="accounts",
        hints=READ_ONLY,
        operation="getAccount",
        arguments=(ACCOUNT,),
        reshape=single(ACCOUNT_VIEW),
    ),
    ToolDeclaration(
        name="create_account",
        title="Connect mailbox",
        description=(
            "Connect a mailbox (inbox, sender) by IMAP and SMTP. The passwords pass "
            "through this conversation: use app passwords, or let the user connect "
            "Google and Microsoft mailboxes in Instantly itself."
        ),
        toolset="accounts",
        hints=ADDITIVE,
        operation="createAccount",
        arguments=(
            EMAIL,
            required("first_name", schema=TEXT),
            required("last_name", schema=TEXT),
            required(
                "provider_code",
                schema=names_and_codes(PROVIDER),
                convert=to_code(PROVIDER),
            ),
            required("imap_username", schema=TEXT),
            required("imap_password", schema=TEXT),
            required("imap_host", schema=TEXT),
            required("imap_port", schema=PORT),
            required("smtp_username", schema=TEXT),
            required("smtp_password", schema=TEXT),
            required("smtp_host", schema=TEXT),
            required("smtp_port", schema=PORT),
            argument("daily_limit", schema={"type": "integer", "minimum": 1}),
            argument("sending_gap"),
            argument("enable_slow_ramp", schema=FLAG),
            argument("reply_to", schema=TEXT, convert=address_in("reply_to")),
            argument("signature", schema=TEXT),
        ),
        reshape=single(ACCOUNT_VIEW),
    ),
    ToolDeclaration(
        name="update_account",
        title="Update mailbox",
        description=(
            "Change settings of a sending account (sender); only given settings change."
        ),
        toolset="accounts",
        hints=IDEMPOTENT,
        operation="patchAccount",
        changes=True,
        arguments=(
            ACCOUNT,
            argument("first_name"),
            argument("last_name"),
            argument(
                "warmup",
                schema=strict_schema("patchAccount", "warmup"),
                hint=WARMUP_HINT,
            ),
            argument("daily_limit", schema={"type": "integer", "minimum": 1}),
            argument("sending_gap", description="minutes"),
            argument("enable_slow_ramp"),
            argument("tracking_domain_name"),
            argument("tracking_domain_status"),
            argument("skip_cname_check"),
            argument("remove_tracking_domain"),
            argument("inbox_placement_test_limit"),
            argument("signature"),
            argument(
                "reply_to",
                schema=TEXT,
                convert=address_in("reply_to"),
            ),
        ),
        reshape=single(ACCOUNT_VIEW),
    ),
    ToolDeclaration(
        name="pause_account",
        title="Pause mailbox",
        description="Stop a sender from sending campaign mail.",
        toolset="accounts",
        hints=IDEMPOTENT,
        operation="pauseAccount",
        arguments=(ACCOUNT,),
        reshape=single(ACCOUNT_VIEW),
    ),
    ToolDeclaration(
        name="resume_account",
        title="Resume mailbox",
        description=(
            "Unpause or reactivate a paused sender: its active campaigns continue."
        ),
        toolset="accounts",
        hints=IDEMPOTENT,
        operation="resumeAccount",
        arguments=(ACCOUNT,),
        reshape=single(ACCOUNT_VIEW),
    ),
    ToolDeclaration(
        name="enable_warmup",
        title="Enable warm-up",
        description=(
            "Start (turn on) the warm-up of mailboxes, as a background job (see "
            "get_background_job)."
        ),
        toolset="accounts",
        hints=IDEMPOTENT,
        operation="enableWarmupForAccounts",
        also=("getBackgroundJob",),
        arguments=(ACCOUNT_IN_LIST, WAIT),
        work=enable_warmup,
        task=TaskSupport.OPTIONAL,
        output=JOB_OUTPUT,
    ),
    ToolDeclaration(
        name="disable_warmup",
        title="Disable warm-up",
        description=(
            "Stop (switch off) the warm-up of mailboxes, as a background job (see "
            "get_background_job)."
        ),
        toolset="accounts",
        hints=IDEMPOTENT,
        operation="disableWarmupForAccounts",
        also=("getBackgroundJob",),
        arguments=(ACCOUNT_IN_LIST, WAIT),
        work=disable_warmup,
        task=TaskSupport.OPTIONAL,
        output=JOB_OUTPUT,
    ),
    ToolDeclaration(
        name="test_account_vitals",
        title="Test mailbox",
        description=(
            "Test the login of a mailbox and its domain's MX, SPF, DKIM and DMARC."
        ),
        toolset="accounts",
        hints=READ_ONLY,
        operation="testAccountVitals",
        arguments=(id_of("email", to="accounts", convert=in_list, refers_to=ACCOUNTS),),
        reshape=vitals,
    ),
    ToolDeclaration(
        name="delete_account",
        title="Delete mailbox",
        description=(
            "Permanently remove a sending account, with its warm-up history. Campaigns "
            "that use it lose a sender. pause_account can be undone."
        ),
        toolset="accounts",
        hints=DESTRUCTIVE,
        operation="deleteAccount",
        also=("getAccount", "getAccountCampaignMapping", "getCampaign"),
        arguments=(ACCOUNT, DRY_RUN),
        work=DELETE_ACCOUNT,
    ),
)

MANAGE_ACCOUNT_STATE = ToolDeclaration(
    name="manage_account_state",
    title="Manage account state",
    description="Pause, resume, warm up or test a sending account.",
    toolset="accounts",
    hints=DESTRUCTIVE,
    also=(
        "pauseAccount",
        "resumeAccount",
        "enableWarmupForAccounts",
        "disableWarmupForAccounts",
        "testAccountVitals",
    ),
    arguments=(
        ACCOUNT,
        required(
            "action",
            schema={
                "enum": [
                    "pause",
                    "resume",
                    "enable_warmup",
                    "disable_warmup",
                    "test_vitals",
                ]
            },
        ),
    ),
    work=manage_account_state,
)
