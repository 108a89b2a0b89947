"""Builds the guard of all writes from the settings."""

from __future__ import annotations

from collections.abc import Callable

from ...access.campaign_limits import CampaignLimits
from ...access.decisions import Decision, Policy
from ...access.interfaces import IApprovals
from ...access.rails.passing import Rails
from ...features.consent.confirm_tokens import ConfirmTokens
from ...features.consent.confirmation import Confirmations
from ...features.consent.consents import Consents
from ...features.consent.guard import WriteGuard
from ...state.stores.marks import StoredMarks
from ..settings.settings import Settings
from ..state_dir import StateDirectory


def policy_of(settings: Settings) -> Policy:
    """Return the policy that the operator set."""
    return Policy(**{risk: Decision(each) for risk, each in settings.policy.items()})


def make_write_guard(
    settings: Settings,
    state: StateDirectory,
    wall: Callable[[], float],
    *,
    rails: Rails,
    approvals: IApprovals | None = None,
) -> WriteGuard:
    """Return the guard of a daemon.

    :param wall: returns the time in seconds since the epoch.
    :param rails: what every write passes right before it is sent.
    :param approvals: asks persons outside MCP, if there are approvers.
    """
    confirmations = Confirmations(
        tokens=ConfirmTokens(state.seal, wall),
        marks=StoredMarks(state.database, wall),
    )
    return WriteGuard(
        policy=policy_of(settings),
        consents=Consents(
            confirmations=confirmations,
            approvals=approvals,
            fallback=settings.confirm_fallback,
        ),
        rails=rails,
        allow_domains=frozenset(settings.allow_domains),
        campaigns=CampaignLimits(
            allow=frozenset(settings.campaigns_allow),
            deny=frozenset(settings.campaigns_deny),
        ),
        counts_selections=True,
        audit=state.audit,
    )
