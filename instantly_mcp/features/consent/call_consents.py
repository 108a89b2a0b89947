"""What was agreed to in one call of a tool, so that it asks only once.

A tool may send several writes: 2,500 leads are three calls of one operation, all of
which the preview showed. A consent covers further writes of the same operation without
another class, and writes without any class; everything else needs a consent of its own.
"""

from __future__ import annotations

from collections.abc import Collection

from attrs import define, field, frozen

from ...access.act import Act, Consent
from ...access.decisions import Decision
from ...catalog.operation import Operation, Risk


@frozen
class _Agreed:
    operation: Operation
    risks: frozenset[Risk]
    decision: Decision
    consent: Consent

    def covers(
        self, operation: Operation, risks: Collection[Risk], decision: Decision
    ) -> bool:
        if decision.strictness > self.decision.strictness:
            return False
        if operation is self.operation:
            return self.risks.issuperset(risks)
        return not risks


@define(eq=False)
class CallConsents:
    """The consents of one call, and whether it changed something already."""

    wrote: bool = False
    _agreed: list[_Agreed] = field(factory=list, init=False)

    def covering(
        self, operation: Operation, risks: Collection[Risk], decision: Decision
    ) -> Consent | None:
        """Return the consent that covers a write, if there is one."""
        for agreed in self._agreed:
            if agreed.covers(operation, risks, decision):
                return agreed.consent
        return None

    def add(self, operation: Operation, act: Act) -> None:
        """Note that an act was agreed to, and so this operation with its classes.

        :raises ValueError: for an act without a consent.
        """
        if act.consent is None:
            raise ValueError("no one agreed to the act")
        agreed = _Agreed(operation, act.risks, act.decision, act.consent)
        self._agreed.append(agreed)
