"""``server.json``, with which the server is published in the registry of MCP.

The rules are those of its schema of 2025-12-11 and of the official registry.
"""

from __future__ import annotations

import json
import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp import __version__
from instantly_mcp.cli.command import CommandLine
from instantly_mcp.daemon.settings.table import SETTINGS
from tests.daemon.processes import ROOT

SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
MEMBERS = {"$schema", "name", "title", "description", "version", "packages"}
OF_A_PACKAGE = {
    *("registryType", "identifier", "version", "runtimeHint", "transport"),
    *("packageArguments", "environmentVariables"),
}
OF_AN_INPUT = {
    *("name", "description", "isRequired", "isSecret", "format", "choices"),
    *("default", "placeholder", "value", "type", "valueHint"),
}
SECRETS = {"INSTANTLY_API_KEY", "INSTANTLY_TOKEN"}


class ServerJsonTests(SynchronousTestCase):
    """The registry accepts the file, and clients can use it."""

    def setUp(self) -> None:
        """Read the file."""
        self.server: Any = json.loads((ROOT / "server.json").read_bytes())
        self.packages = self.server["packages"]

    def test_members(self):
        """Each member is one of the schema, with the required ones."""
        self.assertEqual(self.server["$schema"], SCHEMA)
        self.assertLessEqual(set(self.server), MEMBERS)
        self.assertLessEqual({"name", "description", "version"}, set(self.server))
        for package in self.packages:
            self.assertLessEqual(set(package), OF_A_PACKAGE)
            self.assertLessEqual(
                {"registryType", "identifier", "transport"}, set(package)
            )

    def test_texts(self):
        """Name, title and description have the form and length of the schema."""
        name = self.server["name"]
        self.assertRegex(name, r"^io\.github\.[a-zA-Z0-9-]+/[a-zA-Z0-9._-]+$")
        self.assertLessEqual(len(name), 200)
        for text in (self.server["title"], self.server["description"]):
            self.assertTrue(1 <= len(text) <= 100, text)

    def test_version(self):
        """The versions are that of the program: an exact one."""
        self.assertEqual(self.server["version"], __version__)
        for package in self.packages:
            self.assertEqual(package["version"], __version__)

    def test_marker(self):
        """The README names the server, which proves who owns the package.

        The registry looks for the marker on the page of the package on PyPI. It must
        end with a blank, a line or the end of the comment.
        """
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        found = re.findall(r"<!-- mcp-name: (\S+) -->", readme)
        self.assertEqual(found, [self.server["name"]])

    def test_package(self):
        """It is started by uvx, and speaks MCP on standard input and output."""
        for package in self.packages:
            self.assertEqual(package["registryType"], "pypi")
            self.assertEqual(package["identifier"], "instantly-mcp-server")
            self.assertEqual(package["runtimeHint"], "uvx")
            self.assertEqual(package["transport"], {"type": "stdio"})

    def test_inputs(self):
        """Each input is described; secrets are marked, so that clients hide them."""
        for package in self.packages:
            for each in package["environmentVariables"] + package["packageArguments"]:
                self.assertLessEqual(set(each), OF_AN_INPUT)
                secret = each.get("name") in SECRETS
                self.assertEqual(each.get("isSecret", False), secret, each)
                self.assertTrue(each.get("description") or each.get("value"))
                if "default" in each:
                    self.assertIn(each["default"], each.get("choices", []))

    def test_variables_exist(self):
        """Each variable is read by the program."""
        known = {setting.variable: setting for setting in SETTINGS}
        for package in self.packages:
            for each in package["environmentVariables"]:
                if each["name"] not in SECRETS:
                    setting = known[each["name"]]
                    self.assertEqual(each["choices"], list(setting.words))

    def test_command_line(self):
        """``stdio`` accepts the arguments."""
        for package in self.packages:
            words: list[str] = []
            for each in package["packageArguments"]:
                words += [each["name"]] if each["type"] == "named" else []
                words.append(each.get("value") or each["placeholder"])
            self.assertEqual(words[0], "stdio")
            CommandLine().parseOptions(words)
