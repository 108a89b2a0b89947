"""Connects the web application with the sandbox of the daemon."""

from __future__ import annotations

from attrs import define
from zope.interface import implementer

from ..._json_codec import JsonObject
from ...pipeline.replies.reply import Answer
from ...sandbox.control.requests import CONTROLS, ControlRequest, answer_control
from ...sandbox.errors import SandboxError
from ...sandbox.workspaces import Sandbox
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

    def outbox(self, key: str) -> JsonObject | None:
        """Return the mail that would have been sent; ``None`` for an invalid key."""
        try:
            shown: JsonObject = self.sandbox.outbox_json(key)
        except SandboxError:
            return None
        return shown

    def _accepts(self, key: str) -> bool:
        try:
            self.sandbox.check_key(key)
        except SandboxError:
            return False
        return True
