"""What a check found out, sorted by how bad it is. Knows nothing that is checked."""

from __future__ import annotations

from attrs import define, field


@define(eq=False)
class Findings:
    """One sentence a finding.

    :ivar fine: what is as it should be.
    :ivar warnings: what the daemon would start with, but an operator should know.
    :ivar mistakes: why the daemon would not start.
    :ivar failures: what it needs from elsewhere and would not get.
    """

    fine: list[str] = field(factory=list, init=False)
    warnings: list[str] = field(factory=list, init=False)
    mistakes: list[str] = field(factory=list, init=False)
    failures: list[str] = field(factory=list, init=False)
