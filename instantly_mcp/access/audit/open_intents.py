"""The writes of an audit file whose outcome it does not have."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from ..._json_codec import JsonObject
from .chain import OPENED

INTENT = "intent"
OUTCOME = "outcome"


@define(eq=False)
class OpenIntents:
    """Collects the intents that no outcome follows.

    A file may begin between an intent and its outcome. So its first line repeats the
    intents that were open then.
    """

    _open: dict[str, JsonObject] = field(factory=dict)

    def read(self, facts: JsonObject) -> None:
        """Take account of the next line of the file."""
        kind = facts.get("kind")
        if kind == INTENT:
            self._open[str(facts.get("act"))] = facts
        elif kind == OUTCOME:
            self._open.pop(str(facts.get("act")), None)
        elif kind == OPENED:
            for intent in facts.get("open", ()):
                self._open.setdefault(str(intent.get("act")), intent)

    def all(self) -> Sequence[JsonObject]:
        """Return the intents without an outcome, the oldest first."""
        return tuple(self._open.values())
