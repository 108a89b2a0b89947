"""get_server_info: the server, and what the connection may do."""

from __future__ import annotations

from attrs import evolve

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import JsonObject
from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.features.cases import ToolTestCase
from tests.support.tool_counts import DEFAULT_TOOLS

ACME = Credential(secret=Secret("k"), source="path", workspace_name="acme")


class ServerInfoTests(ToolTestCase):
    toolsets = "default"

    def test_describes_the_server(self) -> None:
        """It tells version, mode, toolsets and the number of tools, locally."""
        info = self.value("get_server_info")
        self.assertEqual(info["version"], "1.2.3")
        self.assertEqual(info["mode"], "live")
        self.assertEqual(info["tools"], DEFAULT_TOOLS)
        self.assertEqual(info["protocol_version"], "2025-11-25")
        self.assertTrue(info["api_key_present"])
        self.assertEqual(self.instantly.executed, [])

    def test_describes_the_rules(self) -> None:
        """It tells what is confirmed, approved and denied, and who to ask."""
        self.context.facts = evolve(
            self.context.facts,
            decisions={
                "sends": "approve",
                "destructive": "confirm",
                "redirects": "confirm",
                "admin": "deny",
                "writes": "allow",
            },
            operator="ops@example.com",
            sends=lambda: False,
        )
        info = self.value("get_server_info")
        self.assertEqual(info["access"], {"level": "full"})
        self.assertEqual(
            info["changes"],
            {
                "confirm": ["destructive", "redirects"],
                "approve": ["sends"],
                "deny": ["admin"],
            },
        )
        self.assertEqual((info["ask"], info["sending"]), ("ops@example.com", "off"))
        self.assertNotIn("workspace", info)

    def test_describes_a_limited_connection(self) -> None:
        """It tells the level, what limited it, and only what that level permits."""
        self.context.facts = evolve(
            self.context.facts,
            decisions={"sends": "confirm", "redirects": "confirm", "writes": "confirm"},
        )
        for level, changes in (
            (Level.DRAFT, {"confirm": ["redirects", "writes"]}),
            (Level.READ_ONLY, {}),
        ):
            rights = ALL_RIGHTS.narrowed(level, ["leads", "server"], by="path")
            info = self.info(rights)
            self.assertEqual(info["changes"], changes)
            expected = {"level": level.value, "limited_by": "path"}
            self.assertEqual(info["access"], expected)
            self.assertEqual(info["toolsets"], ["leads", "server"])
            self.assertEqual(info["tools"], len(self.tools.listed(rights)))
            self.assertEqual(info["ask"], "the operator of this server")
            self.assertEqual(info["sending"], "on")

    def test_describes_the_workspace(self) -> None:
        """It tells the workspace, or those between which the caller chooses."""
        self.assertEqual(self.info(ALL_RIGHTS)["workspace"], "acme")
        unnamed = evolve(ACME, workspace_name="")
        several = self.info(Rights(workspaces=("acme", "bolt")), unnamed)
        self.assertEqual(several["workspaces"], ["acme", "bolt"])
        self.assertNotIn("workspace", several)

    def test_names_the_token(self) -> None:
        """It tells the name of the connection token, and never its id."""
        rights = Rights(token="t123", token_name="ann")
        info = self.info(rights)
        self.assertEqual(info["connection_token"], "ann")
        self.assertNotIn("t123", str(info))
        self.assertNotIn("connection_token", self.info(ALL_RIGHTS))

    def test_tells_strangers_little(self) -> None:
        """A caller without a credential learns none of the rules, but whom to ask."""
        info = self.info(ALL_RIGHTS, None)
        self.assertFalse(info["api_key_present"])
        self.assertEqual(info["ask"], "the operator of this server")
        hidden = {"access", "changes", "sending", "workspace", "connection_token"}
        self.assertEqual(hidden & info.keys(), set())

    def info(self, rights: Rights, credential: Credential | None = ACME) -> JsonObject:
        """Return what a caller with these rights learns."""
        caller = Caller(revision=V2025_11_25, credential=credential, rights=rights)
        running = self.tool("get_server_info").run({}, Call(caller=caller))
        structured: JsonObject = self.successResultOf(running).structured
        return structured
