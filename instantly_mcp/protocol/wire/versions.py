"""The published revisions of MCP and the features of each."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

VERSION_HEADER = "mcp-protocol-version"


@frozen(kw_only=True)
class Revision:
    """One published revision of the protocol.

    The flags say what may appear in its messages. Code that renders a message checks a
    flag and never compares version strings.

    :param modern: stateless, with the per-request ``_meta`` envelope.
    :param annotations: tool annotations exist.
    :param structured: ``title``, ``outputSchema`` and ``structuredContent`` exist.
    :param batches: JSON-RPC batches are accepted in a session.
    :param progress_messages: progress notifications have a ``message``.
    :param completions: the completions capability exists.
    :param elicitation: a server may ask the user. Without it the server never does,
        even if the client declares the capability.
    :param choices: forms have titled choices, multiple choices, and defaults.
    :param lacks_content: types of content blocks that a later revision introduced.
    :param icons: servers describe themselves with icons.
    :param priming: streams begin with an empty event that has an id.
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
    icons: bool = True
    lacks_content: frozenset[str] = frozenset()
    priming: bool = False


V2024_11_05 = Revision(
    version="2024-11-05",
    annotations=False,
    structured=False,
    progress_messages=False,
    completions=False,
    elicitation=False,
    icons=False,
    lacks_content=frozenset({"audio", "resource_link"}),
)
V2025_03_26 = Revision(
    version="2025-03-26",
    structured=False,
    batches=True,
    elicitation=False,
    icons=False,
    lacks_content=frozenset({"resource_link"}),
)
V2025_06_18 = Revision(version="2025-06-18", choices=False, icons=False)
V2025_11_25 = Revision(version="2025-11-25", priming=True)
V2026_07_28 = Revision(version="2026-07-28", modern=True)

LEGACY_REVISIONS: Mapping[str, Revision] = {
    revision.version: revision
    for revision in (V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25)
}
MODERN_REVISIONS: Mapping[str, Revision] = {V2026_07_28.version: V2026_07_28}
ALL_REVISIONS: Mapping[str, Revision] = {**LEGACY_REVISIONS, **MODERN_REVISIONS}

LATEST_LEGACY = V2025_11_25
ASSUMED_LEGACY = evolve(V2025_03_26, structured=True)
"""The revision of a legacy request that has neither version header nor session.

The specification tells servers to assume 2025-03-26. Structured content is enabled
nevertheless: clients of that revision ignore it, and a client that negotiated a later
revision and then lost its session validates results against the output schemas it saw.
"""


def negotiate(requested: object) -> Revision:
    """Return the legacy revision that a client requests, else the latest one."""
    if isinstance(requested, str):
        return LEGACY_REVISIONS.get(requested, LATEST_LEGACY)
    return LATEST_LEGACY
