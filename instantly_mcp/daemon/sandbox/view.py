"""Connects the web application with the sandbox of the daemon."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define
from zope.interface import implementer

from ..._json_codec import JsonObject
from ...pipeline.replies.reply import Answer
from ...sandbox.control.overview import counts, overview
from ...sandbox.control.requests import CONTROLS, ControlRequest, answer_control
from ...sandbox.errors import SandboxError
from ...sandbox.workspaces import DEFAULT_KEY, Sandbox
from ...web.interfaces import ISandboxView


@implementer(ISandboxView)
@define(eq=False)
class SandboxView:
    """Shows and controls the simulated workspace of one key at a time."""

    sandbox: Sandbox

    def control(
        self, method: str, name: str, key: str, workspace: str | None, body: bytes
    ) -> Answer | None:
        """Answer a control request; ``None`` for an invalid key or request."""
        if (method, name) not in CONTROLS or not self._accepts(key):
            return None
        request = ControlRequest(key=key, workspace=workspace, body=body)
        reply = answer_control(self.sandbox, method, name, request)
        kind = ("Content-Type", reply.content_type)
        return Answer(status=reply.status, body=reply.body, headers=(kind,))

    def overview(
        self, key: str, first: int, most: int, since: str
    ) -> JsonObject | None:
        """Return what the page shows; ``None`` for an invalid key."""
        try:
            shown: JsonObject = overview(self.sandbox, key, first, most, since)
        except SandboxError:
            return None
        return shown

    def _accepts(self, key: str) -> bool:
        try:
            self.sandbox.check_key(key)
        except SandboxError:
            return False
        return True


def contents(sandbox: Sandbox | None) -> Mapping[str, int]:
    """Return how much the workspace of callers without a key contains, by name."""
    if sandbox is None:
        return {}
    found: Mapping[str, int] = counts(sandbox.workspace(DEFAULT_KEY).current_world())
    return found
