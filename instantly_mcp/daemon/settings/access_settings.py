"""The settings of access: who may do what, and what is confirmed or approved."""

from __future__ import annotations

from ..._rights import Level
from . import parsers
from .setting import Setting

_DECISION = parsers.one_of("allow", "confirm", "approve", "deny")


def _policy(risk: str, default: str, what: str) -> Setting:
    return Setting(
        name=f"policy_{risk}",
        parse=_DECISION,
        default=default,
        table="policy",
        help=f"{what}: allow, confirm, approve or deny.",
    )


ACCESS_SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="access",
        parse=parsers.one_of(*(level.value for level in Level)),
        default=Level.FULL.value,
        help="The most that any caller may do: read-only, draft, or full.",
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
)
"""The policy's defaults are those of `access.decisions.Policy`."""
