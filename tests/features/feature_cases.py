"""The base class of the tests of resources, prompts and completions.

A request goes through the protocol's own methods, as a client's does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.fernet import Fernet
from twisted.internet.defer import Deferred, maybeDeferred

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import JsonObject, dumps, loads
from instantly_mcp._rights import ALL_RIGHTS, Rights
from instantly_mcp.api.interfaces import IInstantly
from instantly_mcp.features.build import build_features
from instantly_mcp.features.toolsets import ToolSelection
from instantly_mcp.features.workspace.context import ServerFacts
from instantly_mcp.protocol.arguments.fences import without_fences
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.calls.subscriptions import ChangeNotifier
from instantly_mcp.protocol.methods.prompts import complete, get_prompt, list_prompts
from instantly_mcp.protocol.methods.resources import (
    list_resources,
    list_templates,
    read_resource,
)
from instantly_mcp.protocol.methods.skills import list_skills
from instantly_mcp.protocol.server_features import (
    RequestContext,
    ServerFeatures,
    ServerInfo,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.protocol.wire.versions import V2025_11_25, Revision
from instantly_mcp.state.sealed_tokens import TokenSealer
from tests.features.cases import NOW, without_notice
from tests.support.access import permissive_guard
from tests.support.cases import ClockedTestCase
from tests.support.instantly import RecordingInstantly
from tests.support.seals import new_seal

SHORT_ID = re.compile(r"[a-z]\d")
"""The ids of the scripted workspaces: they are not looked up as names."""

KEY = Credential(secret=Secret("sandbox-offering"), source="test")
OTHER = Credential(secret=Secret("another-key"), source="test")
METHODS: Mapping[str, Callable[[ServerFeatures, RequestContext], Any]] = {
    "resources/list": list_resources,
    "resources/templates/list": list_templates,
    "resources/read": read_resource,
    "prompts/list": list_prompts,
    "prompts/get": get_prompt,
    "completion/complete": complete,
    "skills/list": list_skills,
}


class FeatureTestCase(ClockedTestCase):
    """Gives a test all server features, on a scripted Instantly."""

    mode = "live"

    def setUp(self) -> None:
        """Build the features on a driven clock and a fixed day."""
        super().setUp()
        self.instantly = RecordingInstantly()
        changes = ChangeNotifier(frozenset())
        self.features = build_features(
            self.reached(),
            self.clock,
            ServerFacts(name="instantly-mcp", version="1.2.3", mode=self.mode),
            ToolSelection.parse("default"),
            guard=permissive_guard(),
            seal=new_seal(),
            wall=lambda: NOW.timestamp() + self.clock.seconds(),
            on_change=changes.resource_updated,
        )
        self.features.context.names.trusted = SHORT_ID
        self.server_features = ServerFeatures(
            info=ServerInfo(name="n", title="t", version="1"),
            tools=self.features.tools,
            resources=self.features.resources,
            prompts=self.features.prompts,
            skills=self.features.skills,
            seal=TokenSealer([Fernet.generate_key()], self.clock.seconds),
            clock=self.clock,
            wall_clock=self.clock.seconds,
            changes=changes,
        )

    def reached(self) -> IInstantly:
        """Return the client with which the features call Instantly."""
        return self.instantly

    def asking(
        self,
        method: str,
        params: JsonObject,
        revision: Revision = V2025_11_25,
        credential: Credential | None = KEY,
        rights: Rights = ALL_RIGHTS,
    ) -> Deferred[Any]:
        """Start a request."""
        context = RequestContext(
            request=Request(id=1, method=method, params=params),
            caller=Caller(revision=revision, credential=credential, rights=rights),
        )
        return maybeDeferred(METHODS[method], self.server_features, context)

    def ask(self, method: str, params: JsonObject, **more: Any) -> Any:
        """Return the result of a request, as JSON."""
        asking = self.asking(method, params, **more)
        return loads(dumps(self.successResultOf(self.after_a_minute(asking))))

    def refusal(self, method: str, params: JsonObject, **more: Any) -> ProtocolError:
        """Return the error of a request, without tags around untrusted text."""
        failure = self.failureResultOf(self.asking(method, params, **more))
        error = failure.value
        assert isinstance(error, ProtocolError), failure
        error.message = without_fences(error.message)
        error.data = without_notice(without_fences(error.data))
        return error

    def read(self, uri: str, **more: Any) -> Any:
        """Return the JSON of a resource, without tags around untrusted text."""
        return without_notice(without_fences(self.read_fenced(uri, **more)))

    def read_fenced(self, uri: str, **more: Any) -> Any:
        """Return the JSON of a resource's only contents."""
        contents = self.ask("resources/read", {"uri": uri}, **more)["contents"]
        self.assertEqual([each["uri"] for each in contents], [uri])
        self.assertEqual(contents[0]["mimeType"], "application/json")
        self.assertNotIn("\n", contents[0]["text"])
        return loads(contents[0]["text"].encode())

    def prompt(self, prompt_name: str, **arguments: str) -> str:
        """Return the text of a prompt, without tags around untrusted text."""
        text: str = without_fences(self.fenced_prompt(prompt_name, **arguments))
        return text

    def fenced_prompt(self, prompt_name: str, **arguments: str) -> str:
        """Return the text of a prompt's only message."""
        params = {"name": prompt_name, "arguments": arguments}
        messages = self.ask("prompts/get", params)["messages"]
        self.assertEqual([each["role"] for each in messages], ["user"])
        text: str = messages[0]["content"]["text"]
        return text

    def prompt_error(self, prompt_name: str, **arguments: str) -> ProtocolError:
        """Return the error of a prompt."""
        params = {"name": prompt_name, "arguments": arguments}
        return self.refusal("prompts/get", params)
