"""Tests for the manifest. The official packer validates it in `test_packer`."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp import __version__
from instantly_mcp.bundle.manifest import ENTRY_POINT, ENVIRONMENT, manifest

URL = "https://mcp.acme.example/mcp"


class ManifestTests(SynchronousTestCase):
    def test_version(self):
        """The bundle has the version of the package."""
        self.assertEqual(manifest()["version"], __version__)

    def test_token_only_in_the_environment(self):
        """The command line has nothing but the path of the relay."""
        started = manifest(URL)["server"]["mcp_config"]
        self.assertEqual(started["args"], [f"${{__dirname}}/{ENTRY_POINT}"])
        self.assertNotIn("user_config", started["args"][0])
        self.assertIn("${user_config.access_token}", started["env"].values())

    def test_token_is_masked(self):
        """Claude Desktop masks the token, and stores it in the system's keychain."""
        fields = manifest()["user_config"]
        masked = {name for name, field in fields.items() if field.get("sensitive")}
        self.assertEqual(masked, {"access_token"})

    def test_fields_and_environment_agree(self):
        """Each field reaches the relay, and each variable has a field."""
        described = manifest(URL)
        self.assertEqual(set(ENVIRONMENT.values()), set(described["user_config"]))
        for value in described["server"]["mcp_config"]["env"].values():
            (name,) = re.findall(r"^\$\{user_config\.(\w+)\}$", value)
            self.assertIn(name, described["user_config"])

    def test_address(self):
        """With an address the user enters only the token; without one it is asked."""
        known = manifest(URL)["user_config"]["server_address"]
        self.assertEqual((known["default"], known["required"]), (URL, False))
        asked = manifest()["user_config"]["server_address"]
        self.assertTrue(asked["required"])
        self.assertNotIn("default", asked)
