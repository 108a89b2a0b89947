"""Builds the preview of a write: what a person is shown before it is sent.

Each operation that is worth it has a builder in `BUILDERS`; the others get the default,
which shows the summary of the operation, all arguments of the tool, and the running
campaigns that the write reaches. So a new operation of the catalog has a preview
without a line of code.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from ....access.canonical import digest_of
from ....access.preview import Preview
from ..assessment.subject import NOT_READABLE, WriteSubject
from .deletion import build_deletion
from .launch import build_launch
from .leads import build_adding, build_lead_change, build_moving
from .parts import (
    MAX_ARGUMENT_IN_FACTS,
    Build,
    Found,
    given_values,
    known,
    reached_campaigns,
)
from .reply import build_reply
from .showing import line
from .spending import build_list_verification, build_verification

BUILDERS: Mapping[str, Build] = {
    "activateCampaign": build_launch,
    "replyToEmail": build_reply,
    "createEmailVerification": build_verification,
    "createSuperSearchEnrichment": build_list_verification,
    "deleteLead": build_deletion,
    "deleteLeadList": build_deletion,
    "deleteCampaign": build_deletion,
    "deleteAccount": build_deletion,
    "bulkAddLeads": build_adding,
    "createLead": build_adding,
    "moveLeads": build_moving,
    "patchLead": build_lead_change,
}
"""The builders by operation id."""


async def build_preview(subject: WriteSubject, workspace: str) -> Preview:
    """Return the preview of a write.

    :param workspace: the alias of the workspace; if this is empty, the operator has one
        workspace, and its name is read. The title begins with an alias, in capitals:
        a person who works for several clients must see at once which one is meant.
    :raises ApiError: when an object that it names does not exist.
    """
    subject = _without_steps(subject)
    builder = BUILDERS.get(subject.operation.id, _build_any)
    found = await builder(subject)
    named = workspace or await _workspace_name(subject)
    title = found.title or f"{subject.operation.summary}."
    facts = [("Workspace", named), *found.facts]
    untrusted = [*found.untrusted]
    for label, text in given_values(subject.tool_arguments, found.covers):
        is_fact = len(text) <= MAX_ARGUMENT_IN_FACTS and "\n" not in text
        (facts if is_fact else untrusted).append((label, text))
    return Preview(
        title=f"{workspace.upper()}: {title}" if workspace else title,
        facts=tuple(facts),
        untrusted=tuple(untrusted),
        unseen=(
            subject.operation.id,
            digest_of([subject.tool_arguments, subject.arguments]),
            *(risk.value for risk in sorted(subject.risks, key=lambda r: r.value)),
            *found.unseen,
        ),
    )


def _without_steps(subject: WriteSubject) -> WriteSubject:
    """Return the subject for reads that are not steps of the tool's work."""
    # The deadline is that of the call, not another one of its copy.
    subject.context.deadline(subject.call)
    return evolve(subject, call=evolve(subject.call, steps=None))


async def _workspace_name(subject: WriteSubject) -> str:
    workspace = await subject.read("getWorkspace", {})
    return NOT_READABLE if workspace is None else line(workspace.get("name"))


async def _build_any(subject: WriteSubject) -> Found:
    """Find what is known of any write."""
    facts = reached_campaigns(subject)
    if subject.reach.sends and not subject.reach.campaigns:
        facts += known(("Running campaigns", "not known, so treated as running"))
    return Found(facts=facts)
