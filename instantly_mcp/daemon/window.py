"""The window of the web onto the embedded sandbox."""

from __future__ import annotations

from attrs import define

from .._json import JsonObject
from ..sandbox.call import Refusal
from ..sandbox.sandbox import Sandbox


@define(eq=False)
class SandboxWindow:
    """Shows one world at a time; keys that are not the sandbox's see nothing."""

    sandbox: Sandbox

    def outbox(self, key: str) -> JsonObject | None:
        """Return what would have been sent."""
        try:
            shown: JsonObject = self.sandbox.outbox_json(key)
        except Refusal:
            return None
        return shown

    def reset(self, key: str) -> JsonObject | None:
        """Let the world begin anew."""
        try:
            self.sandbox.reset(key)
        except Refusal:
            return None
        return {"reset": True, "key": key}
