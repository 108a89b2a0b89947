"""The lines of the audit file: what each says about a write.

A line names objects by their ids, and what was asked and shown by digests. It never
contains a text of a mail, a field of a lead, an argument, a key or a token.
"""

from __future__ import annotations

from typing import Any

from ..._json_codec import JsonObject
from ..act import Act, Ending, EndingKind
from .open_intents import INTENT, OUTCOME

APPROVAL = "approval"
COMMAND = "command"
REFUSED = "refused"
SENDING = "sending"
STARTED = "started"
STOPPED = "stopped"


def intent(act: Act) -> JsonObject:
    """Return the line before a write is sent."""
    return {"kind": INTENT, **_described(act)}


def outcome(act: Act, ending: Ending) -> JsonObject:
    """Return the line after a write: how it ended."""
    return _outcome(
        act.id,
        ending.kind,
        status=ending.status,
        seconds=round(ending.seconds, 3),
    )


def lost(intent_line: JsonObject) -> JsonObject:
    """Return the outcome of a write during which the process ended.

    :param intent_line: its intent.
    """
    return _outcome(str(intent_line.get("act")), EndingKind.AMBIGUOUS)


def refused(act: Act, code: str) -> JsonObject:
    """Return the line of a write that level, policy, consent or a rail refused.

    :param code: the code of the refusal; see `access.refusal`.
    """
    described = {k: v for k, v in _described(act).items() if k != "policy"}
    return {"kind": REFUSED, **described, "code": code}


def token_members(id: str | None, name: str) -> JsonObject:
    """Return the members that name a connection token; none if there is none."""
    return {} if id is None else {"token": id, "token_name": name}


def _outcome(act: str, kind: EndingKind, **more: object) -> JsonObject:
    said = {name: value for name, value in more.items() if value is not None}
    return {"kind": OUTCOME, "act": act, "outcome": kind.value, **said}


def _described(act: Act) -> JsonObject:
    """Return what is known of a write; what does not apply is left out."""
    consent: dict[str, Any] = {}
    if act.consent is not None:
        consent = {
            "consent": act.consent.how,
            "by": act.consent.by,
            "preview": act.consent.preview_digest,
        }
    return {
        "act": act.id,
        "principal": act.principal,
        **token_members(act.rights.token, act.rights.token_name),
        "client": act.client,
        "workspace": act.workspace,
        "workspace_key": act.workspace_key,
        "tool": act.tool,
        "operation": act.operation.id,
        "targets": list(act.targets),
        "arguments": act.arguments_digest,
        "risks": list(act.risk_names),
        "policy": act.decision.value,
        **consent,
    }
