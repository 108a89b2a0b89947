"""One write, as policy, rails and audit see it, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import field, frozen

from .._json_codec import JsonObject
from .._rights import Rights
from ..catalog.operation import Operation, Risk
from .decisions import Decision


@frozen(kw_only=True)
class Consent:
    """Who agreed to a write, and to what.

    :param how: ``elicitation``, ``token``, or ``approval``.
    :param by: the approver's name, or the principal that confirmed.
    :param preview_digest: of the preview that was shown.
    """

    how: str
    by: str
    preview_digest: str


@frozen(kw_only=True)
class Act:
    """One write that is about to be sent to Instantly.

    A tool may make several: adding 2,500 leads is three acts of one call.

    :param id: unique among all acts, also of other processes.
    :param principal: who acts; see `Credential.principal`.
    :param call: the id of the MCP call that makes the act; empty for one of its own.
    :param client: the name that the caller's program states.
    :param workspace: the name of the workspace, for people.
    :param workspace_key: identifies the workspace; equal after a key is replaced.
    :param tool: the name of the tool that acts.
    :param arguments: those of the operation, by the names of the API.
    :param targets: the ids of the objects that the operation changes.
    :param arguments_digest: of the arguments of the tool, in canonical form.
    :param risks: the classes of this very call.
    :param decision: what the policy says about it.
    :param consent: who agreed, if the policy asked for that.
    :param amounts: what it counts against the caps, by the name of the cap.
    :param open_amounts: the caps for which that is only the least: it selects its
        objects, and does not limit their number.
    """

    id: str
    principal: str
    rights: Rights
    client: str
    workspace: str
    workspace_key: str
    tool: str
    operation: Operation
    arguments: JsonObject = field(repr=False)
    targets: tuple[str, ...]
    arguments_digest: str
    risks: frozenset[Risk]
    decision: Decision
    consent: Consent | None = None
    amounts: Mapping[str, int] = field(factory=dict)
    open_amounts: frozenset[str] = frozenset()
    call: str = ""

    @property
    def risk_names(self) -> tuple[str, ...]:
        """The names of its classes, in alphabetical order."""
        return tuple(sorted(risk.value for risk in self.risks))


class EndingKind(Enum):
    """How a write ended.

    :cvar DONE: Instantly did it.
    :cvar REFUSED: it was surely not sent.
    :cvar FAILED: Instantly answered with an error.
    :cvar AMBIGUOUS: it was sent, and whether it took effect is not known.
    """

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"


@frozen(kw_only=True)
class Ending:
    """How a write ended.

    :param status: Instantly's HTTP status, if it answered.
    :param seconds: from the check of the rails to the end.
    """

    kind: EndingKind
    status: int | None = None
    seconds: float = 0.0


NOT_SENT = Ending(kind=EndingKind.REFUSED)
