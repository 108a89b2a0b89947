"""The results of ``instantly-mcp check``, by severity."""

from __future__ import annotations

from attrs import define, field


@define(eq=False)
class Findings:
    """The results of a check, each one sentence.

    :ivar fine: what is correct.
    :ivar warnings: what does not prevent a start, but an operator should know.
    :ivar errors: why the daemon would not start.
    :ivar failures: what the daemon needs from other machines and cannot get.
    """

    fine: list[str] = field(factory=list, init=False)
    warnings: list[str] = field(factory=list, init=False)
    errors: list[str] = field(factory=list, init=False)
    failures: list[str] = field(factory=list, init=False)
