"""The revisions of MCP and what each of them knows. Pure data."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

VERSION_HEADER = "mcp-protocol-version"


@frozen(kw_only=True)
class Revision:
    """One published revision of the protocol.

    The flags say what may appear on its wire; whoever renders a message asks the
    flag, never compares versions.

    :param modern: stateless, with the per-request ``_meta`` envelope.
    :param annotations: tool annotations exist.
    :param structured: ``title``, ``outputSchema`` and ``structuredContent`` exist.
    :param batches: JSON-RPC batches are accepted in a session.
    :param completions: the completions capability exists.
    :param priming: streams begin with an empty event that carries an id.
    :param progress_messages: progress notifications carry a ``message``.
    :param elicitation: a server may ask the person; before that it never does, even
        of a client that declares to answer.
    :param lacks_content: types of content blocks that came with a later revision.
    :param choices: forms have titled choices, choices of several, and defaults.
    """

    version: str
    modern: bool = False
    annotations: bool = True
    structured: bool = True
    batches: bool = False
    progress_messages: bool = True
    completions: bool = True
    elicitation: bool = True
    choices: bool = True
    lacks_content: frozenset[str] = frozenset()
    priming: bool = False


V2024_11_05 = Revision(
    version="2024-11-05",
    annotations=False,
    structured=False,
    progress_messages=False,
    completions=False,
    elicitation=False,
    lacks_content=frozenset({"audio", "resource_link"}),
)
V2025_03_26 = Revision(
    version="2025-03-26",
    structured=False,
    batches=True,
    elicitation=False,
    lacks_content=frozenset({"resource_link"}),
)
V2025_06_18 = Revision(version="2025-06-18", choices=False)
V2025_11_25 = Revision(version="2025-11-25", priming=True)
V2026_07_28 = Revision(version="2026-07-28", modern=True)

LEGACY: Mapping[str, Revision] = {
    revision.version: revision
    for revision in (V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25)
}
MODERN: Mapping[str, Revision] = {V2026_07_28.version: V2026_07_28}
ALL: Mapping[str, Revision] = {**LEGACY, **MODERN}

LATEST_LEGACY = V2025_11_25
ASSUMED_LEGACY = evolve(V2025_03_26, structured=True)
"""What a legacy request without version header and without session speaks.

The specification has servers assume 2025-03-26. Structured content and what belongs to
it are there all the same: clients of that revision ignore them, and one that agreed on
a later revision, and lost its session, holds results to the schemas it was shown.
"""


def negotiate(requested: object) -> Revision:
    """Answer ``initialize``: the revision asked for, else our latest legacy one."""
    if isinstance(requested, str):
        return LEGACY.get(requested, LATEST_LEGACY)
    return LATEST_LEGACY
