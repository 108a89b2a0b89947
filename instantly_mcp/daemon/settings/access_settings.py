"""The settings of access: who may do what, and what is confirmed or approved."""

from __future__ import annotations

from ..._rights import Level
from . import parsers
from .setting import Setting
from .settings import DEFAULT_ADMIN_LISTEN

_DECISION = parsers.one_of("allow", "confirm", "approve", "deny")


def _policy(risk: str, default: str, what: str) -> Setting:
    return Setting(
        name=f"policy_{risk}",
        parse=_DECISION,
        default=default,
        table="policy",
        help=f"{what}: allow, confirm, approve or deny.",
    )


def _cap(name: str, default: int, what: str) -> Setting:
    return Setting(
        name=f"caps_{name}",
        parse=parsers.whole_number(0, 10_000_000),
        default=default,
        table="caps",
        help=f"{what}.",
    )


ACCESS_SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="access",
        parse=parsers.one_of(*(level.value for level in Level)),
        default=Level.FULL.value,
        help="The most that any caller may do: read-only, draft, or full.",
    ),
    Setting(
        name="operator_contact",
        parse=parsers.text,
        default="",
        default_text="none",
        help="Whom users ask about this server, such as an address or a channel.",
    ),
    Setting(
        name="sending",
        parse=parsers.one_of("on", "off"),
        default="on",
        help="off sends and starts nothing; read again from the TOML file on SIGHUP.",
    ),
    Setting(
        name="allow_domains",
        parse=parsers.domain,
        default=(),
        repeatable=True,
        help="Domain to which copies of mail may go without the class redirects.",
    ),
    Setting(
        name="campaigns_allow",
        parse=parsers.text,
        default=(),
        repeatable=True,
        help="Id or exact name of a campaign; if set, no other campaign is changed.",
    ),
    Setting(
        name="campaigns_deny",
        parse=parsers.text,
        default=(),
        repeatable=True,
        help="Id or exact name of a campaign that is never changed, only paused.",
    ),
    Setting(
        name="tokens_only",
        parse=parsers.switch,
        default_text="true once a connection token was issued",
        help="true refuses callers without a connection token; false takes keys, too.",
    ),
    _policy("sends", "confirm", "Sending mail, and starting to send"),
    _policy("spends", "confirm", "Spending credits"),
    _policy("destructive", "confirm", "Deleting one object"),
    _policy("mass", "confirm", "Deleting all objects that a filter selects"),
    _policy("egress", "deny", "Sending data of the workspace to an address outside"),
    _policy("redirects", "confirm", "Adding recipients, or changing where replies go"),
    _policy("admin", "deny", "Changing keys, members, owners, or billing"),
    _policy("writes", "allow", "All other changes"),
    _cap("mails", 200, "Most mails sent by hand for a caller in 24 hours"),
    _cap("activations", 50, "Most activated campaigns for a caller in 24 hours"),
    _cap("leads", 50_000, "Most leads added for a caller in 24 hours"),
    _cap("deletions", 500, "Most deletions for a caller in 24 hours"),
    _cap("credits", 20_000, "Most credits spent for a caller in 24 hours"),
    _cap("leads_per_call", 20_000, "Most leads added in one call"),
    _cap("recipients", 10, "Most recipients of one mail sent by hand"),
    Setting(
        name="confirm_fallback",
        parse=parsers.one_of("token", "approve", "refuse"),
        default="token",
        help=(
            "When a user is asked to confirm and does not answer: token, approve or "
            "refuse."
        ),
    ),
    Setting(
        name="admin_listen",
        parse=parsers.text,
        default=(),
        default_text=f"{DEFAULT_ADMIN_LISTEN} if the policy says approve",
        repeatable=True,
        help="Twisted endpoint that serves /approvals and /status; mcp: the MCP port.",
    ),
    Setting(
        name="admin_url",
        parse=parsers.public_url,
        help="URL under which approvers reach these pages, if not on this machine.",
    ),
)
"""The policy's defaults are those of `access.decisions.Policy`. Those of the caps are
far above what one seller does in a day: they stop a program that has gone wrong."""
