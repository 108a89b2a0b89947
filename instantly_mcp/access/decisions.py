"""The operator's policy: what happens with a write, by its risk classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from hashlib import sha256

from attrs import asdict, frozen

from ..catalog.operation import Risk

DOES: Mapping[Risk, str] = {
    Risk.SENDS: "sending mail, or what makes a running campaign send it",
    Risk.SPENDS: "spending credits",
    Risk.DESTRUCTIVE: "deleting anything",
    Risk.MASS: "deleting everything that a filter selects",
    Risk.EGRESS: "sending data of the workspace to an address outside",
    Risk.REDIRECTS: "adding recipients, or changing where replies go",
    Risk.ADMIN: "changing keys, members, owners or billing",
}
"""What each risk class does, for models and people."""


class Decision(Enum):
    """What the policy says about a write, from mild to strict.

    :cvar ALLOW: it is sent.
    :cvar CONFIRM: the person behind the client confirms it first. A model that answers
        for that person can confirm it too: the operator consents to that.
    :cvar APPROVE: a named person approves it outside MCP.
    :cvar DENY: it is refused.
    """

    ALLOW = "allow"
    CONFIRM = "confirm"
    APPROVE = "approve"
    DENY = "deny"

    @property
    def strictness(self) -> int:
        """Its place in the order; the strictest decision of several counts."""
        return _ORDER.index(self)


_ORDER = (Decision.ALLOW, Decision.CONFIRM, Decision.APPROVE, Decision.DENY)


@frozen
class Ruling:
    """What the policy says about one write.

    :param risk: the class that decided, ``None`` for a write without any.
    """

    decision: Decision
    risk: Risk | None


@frozen(kw_only=True)
class Policy:
    """One decision for each risk class, and one for writes without a class.

    The defaults are those of the product; see ``docs/access.md``.
    """

    sends: Decision = Decision.CONFIRM
    spends: Decision = Decision.CONFIRM
    destructive: Decision = Decision.CONFIRM
    mass: Decision = Decision.CONFIRM
    egress: Decision = Decision.DENY
    redirects: Decision = Decision.CONFIRM
    admin: Decision = Decision.DENY
    writes: Decision = Decision.ALLOW

    def decide(self, risks: Collection[Risk]) -> Ruling:
        """Return the strictest decision of these classes.

        Of equally strict ones the first class in the order of `Risk` counts.
        """
        if not risks:
            return Ruling(self.writes, None)
        rulings = [Ruling(self.on(risk), risk) for risk in Risk if risk in risks]
        return max(rulings, key=lambda ruling: ruling.decision.strictness)

    def on(self, risk: Risk) -> Decision:
        """Return the decision for one class."""
        decision: Decision = getattr(self, risk.value)
        return decision

    @property
    def version(self) -> str:
        """A digest that changes with the policy; approvals are bound to it."""
        said = ",".join(f"{name}={value.value}" for name, value in asdict(self).items())
        return sha256(said.encode()).hexdigest()[:16]
