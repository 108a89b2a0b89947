"""The two forms of a campaign's copy and schedule: a tool's arguments, and the API's.

Both are taken, but only one of them for the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...._json_codec import JsonObject
from ...results import CallRefusedError
from ...workspace.campaigns.schedule import ARGUMENTS as SCHEDULE_ARGUMENTS

COPY_ARGUMENTS = ("subject", "body", "steps")

FORMS: Mapping[str, Sequence[str]] = {
    "campaign_schedule": SCHEDULE_ARGUMENTS,
    "sequences": COPY_ARGUMENTS,
}
"""The arguments that make each of the API's two nested settings."""

TOOL_ARGUMENTS = {"open_tracking": "track_opens", "link_tracking": "track_clicks"}
"""The tool's argument names, where the API's name differs."""

_NOT_SETTINGS = frozenset(("dry_run", *FORMS, *SCHEDULE_ARGUMENTS, *COPY_ARGUMENTS))


def only_one_form(given: JsonObject) -> None:
    """Check that nothing is said in both forms.

    :raises CallRefusedError: when it is.
    """
    for raw, arguments in FORMS.items():
        both = [name for name in arguments if name in given]
        if raw in given and both:
            raise CallRefusedError(
                "bad_argument",
                f"Both {raw} and {', '.join(both)} were given.",
                f"They say the same thing: leave out {raw}, which is the form of "
                "Instantly's API, or the others.",
            )


def without_forms(given: JsonObject) -> dict[str, object]:
    """Return the arguments that are settings of their own."""
    return {name: each for name, each in given.items() if name not in _NOT_SETTINGS}
