"""The conformance fixture's features behind the daemon's real stages, in memory.

Unlike the simpler `Rig` it has the real seal, session store, authentication, admission
and header repair, all on one driven clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet
from twisted.internet.task import Clock

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.pipeline.origins import OriginPolicy
from instantly_mcp.pipeline.stages.admission import Admission
from instantly_mcp.pipeline.stages.authentication import Authentication
from instantly_mcp.pipeline.stages.header_repair import HeaderRepair
from instantly_mcp.protocol.calls.subscriptions import PROMPTS, RESOURCES, TOOLS
from instantly_mcp.protocol.calls.tasks import TASKS_EXTENSION
from instantly_mcp.protocol.primitives.registries import (
    PromptRegistry,
    ResourceRegistry,
    ToolRegistry,
)
from instantly_mcp.protocol.primitives.skill_registry import skill_resources
from instantly_mcp.protocol.server_features import ServerFeatures
from instantly_mcp.state.sealed_tokens import TokenSealer
from instantly_mcp.state.sessions import SessionLimits, make_session_store
from instantly_mcp.state.token_buckets import TokenBuckets
from tests.conformance import contents
from tests.conformance.asking_tools import asking_tools
from tests.conformance.tools import change_tools, plain_tools
from tests.support.cases import ClockedTestCase
from tests.support.clients import ModernClient, SessionClient
from tests.support.received import Received
from tests.support.servers import INFO, Line
from tests.support.toolboxes import SmallToolbox

from .extras import (
    Tides,
    extra_prompts,
    extra_resources,
    extra_template,
    extra_tools,
)

HOST = "127.0.0.1:3000"

ASKABLE: JsonObject = {"elicitation": {}, "sampling": {}, "roots": {}}
"""A client that can be asked everything."""

WITH_TASKS: JsonObject = {**ASKABLE, "extensions": {TASKS_EXTENSION: {}}}
"""The same, and it supports the tasks extension."""

STARTED = 1_790_000_000.0
"""What the wall clock of the tests shows when their driven clock shows 0."""


class EverythingRig(Line):
    """Every feature of the server, behind every stage of the pipeline.

    :param seal: the sealer of an earlier rig, to simulate a restart of that daemon.
    :param page_size: items on one page of a list.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seal: TokenSealer | None = None,
        page_size: int = 1000,
        strict: bool = False,
        **gatekeeping: Any,
    ) -> None:
        self.wall = lambda: STARTED + clock.seconds()
        self.seal = seal or TokenSealer([Fernet.generate_key()], self.wall)
        self.small = SmallToolbox()
        self.tides = Tides(clock)
        self.server_features = self._server_features(clock, page_size)
        self.store = make_session_store(
            self.seal, clock, self.wall, SessionLimits(), None
        )
        unlimited = TokenBuckets(0, clock)
        before = (
            Admission(
                origin_policy=OriginPolicy(),
                key_limit=unlimited,
                address_limit=unlimited,
                wall=self.wall,
            ),
            HeaderRepair(),
            Authentication(
                gatekeeper=Gatekeeper(**gatekeeping), sessions=self.store, clock=clock
            ),
        )
        super().__init__(clock, self.server_features, self.store, before, strict=strict)

    def _server_features(self, clock: Clock, page_size: int) -> ServerFeatures:
        book = PromptRegistry([*contents.prompts().listed(), *extra_prompts()])
        tools = ToolRegistry([*plain_tools(clock), *asking_tools(clock)])
        for each in (*extra_tools(), *self.small.tools, *change_tools(tools, book)):
            tools.add(each)
        skills = contents.skills()
        shelf, files = contents.resources(skills), skill_resources(skills)
        server_features = ServerFeatures(
            info=INFO,
            tools=tools,
            resources=ResourceRegistry(
                [
                    *shelf.resources(),
                    *extra_resources(),
                    self.tides.as_resource(),
                ],
                [*shelf.templates(), extra_template()],
                unlisted=files[1],
            ),
            skills=skills,
            prompts=book,
            seal=self.seal,
            clock=clock,
            wall_clock=self.wall,
            page_size=page_size,
            changing=frozenset({TOOLS, PROMPTS, RESOURCES}),
        )
        self.tides.changes = server_features.changes
        tools.on_change = lambda: server_features.changes.list_changed(TOOLS)
        book.on_change = lambda: server_features.changes.list_changed(PROMPTS)
        return server_features

    def send(
        self,
        message: Json = None,
        *,
        with_headers: Mapping[str, str | Sequence[str]] | None = None,
        **fields: Any,
    ) -> Received:
        """Send one HTTP request with the host name of this server."""
        headers = {"host": HOST, **(with_headers or {})}
        return super().send(message, with_headers=headers, **fields)


class RulesTestCase(ClockedTestCase):
    """A test of one rule: every message that leaves the rig must fit its schema."""

    def setUp(self) -> None:
        """Build the rig."""
        super().setUp()
        self.rig = self.make_rig()

    def make_rig(self, **settings: Any) -> EverythingRig:
        """Return a rig whose answers are checked at the end of the test."""
        rig = EverythingRig(self.clock, **settings)
        self.addCleanup(rig.check)
        return rig

    def ask(self, message: JsonObject, **meta: Json) -> Received:
        """Send a request of the modern era as Ada, who can be asked everything."""
        meta.setdefault("clientCapabilities", ASKABLE)
        return ModernClient(self.rig).ask(message, **meta)

    def client(self, version: str = "2025-11-25", **fields: Any) -> SessionClient:
        """Open a session as Ada, who can be asked everything."""
        fields.setdefault("capabilities", ASKABLE)
        return SessionClient(self.rig, version, **fields)

    def assertRefused(self, received: Received, status: int, code: int) -> None:
        """The answer is JSON, an error of this code, with this HTTP status."""
        self.assertEqual((received.status, received.error["code"]), (status, code))
        self.assertEqual(received.header("content-type"), "application/json")

    def text_of(self, received: Received) -> str:
        """Return the first text of a tool's result."""
        found: str = received.result["content"][0]["text"]
        return found
