"""The view of the embedded sandbox that its web pages show."""

from __future__ import annotations

from attrs import define

from .._json import JsonObject
from ..sandbox.call import Refusal
from ..sandbox.sandbox import Sandbox


@define(eq=False)
class SandboxWindow:
    """Reads and resets the simulated workspace of one key at a time."""

    sandbox: Sandbox

    def outbox(self, key: str) -> JsonObject | None:
        """Return the mail that would have been sent; ``None`` for an invalid key."""
        try:
            shown: JsonObject = self.sandbox.outbox_json(key)
        except Refusal:
            return None
        return shown

    def reset(self, key: str) -> JsonObject | None:
        """Reset the workspace to its initial state; ``None`` for an invalid key."""
        try:
            self.sandbox.reset(key)
        except Refusal:
            return None
        return {"reset": True, "key": key}
