"""``compose.yaml``, and the example of a job in GitHub Actions."""

from __future__ import annotations

import json
import shlex
from typing import Any

import yaml
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp import __version__
from instantly_mcp.cli.command import CommandLine
from instantly_mcp.daemon.settings.loading import examine
from instantly_mcp.daemon.settings.setting import PREFIX
from instantly_mcp.daemon.settings.table import SETTINGS
from tests.daemon.processes import ROOT

from .test_image import stages


def read(name: str) -> Any:
    """Return a YAML file of the project."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


class ComposeTests(SynchronousTestCase):
    """What ``docker compose up`` starts."""

    def setUp(self) -> None:
        """Read the file and the Dockerfile."""
        self.document = read("compose.yaml")
        self.service = self.document["services"]["instantly-mcp"]
        self.image = stages()[-1]

    def test_restricted(self):
        """The container can write to its state only, and gets no more rights."""
        self.assertTrue(self.service["read_only"])
        self.assertEqual(self.service["cap_drop"], ["ALL"])
        self.assertEqual(self.service["security_opt"], ["no-new-privileges:true"])
        for each in self.service["tmpfs"]:
            self.assertIn("noexec", each)
        self.assertNotIn("privileged", self.service)

    def test_ports(self):
        """The port is published on loopback only, and is the one of the image."""
        (port,) = self.service["ports"]
        self.assertTrue(port.startswith("127.0.0.1:"))
        self.assertEqual(port.rpartition(":")[2], self.image.last("EXPOSE").value)

    def test_no_secret_in_the_environment(self):
        """Keys are files: ``docker inspect`` shows the environment to everyone."""
        for name in self.service["environment"]:
            self.assertTrue(name.startswith(PREFIX), name)
        (secret,) = self.service["secrets"]
        self.assertIn(secret, self.document["secrets"])
        file = self.service["environment"]["INSTANTLY_MCP_API_KEY_FILE"]
        self.assertEqual(file, f"/run/secrets/{secret}")

    def test_settings(self):
        """The daemon accepts these settings, but for the key, which is not there."""
        settings, errors = examine({}, {**self.image.environment, **self.environment})
        self.assertEqual(len(errors), 1, errors)
        self.assertIn("/run/secrets/instantly_api_key does not exist", errors[0])
        self.assertTrue(settings.tokens_only)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        found: dict[str, str] = self.service["environment"]
        return found

    def test_state(self):
        """The state directory is a volume, which is the one of the image."""
        (volume,) = self.service["volumes"]
        name, _, path = volume.partition(":")
        self.assertIn(name, self.document["volumes"])
        self.assertEqual(path, self.image.last("VOLUME").value)
        self.assertEqual(path, self.image.environment["INSTANTLY_MCP_STATE_DIR"])

    def test_health(self):
        """The health check is that of the image."""
        _, _, command = self.image.last("HEALTHCHECK").value.partition("CMD ")
        self.assertEqual(
            self.service["healthcheck"]["test"], ["CMD", *json.loads(command)]
        )

    def test_stop(self):
        """A stop waits longer than the daemon may take to drain (30 s)."""
        self.assertEqual(self.service["stop_grace_period"], "35s")


class ActionsTests(SynchronousTestCase):
    """The example for GitHub Actions."""

    def setUp(self) -> None:
        """Read the example."""
        self.jobs = read("docs/examples/github-actions.yml")["jobs"]

    def test_service(self):
        """Its variables are settings, and its image is that of this version."""
        service = self.jobs["with-image"]["services"]["instantly"]
        known = {setting.variable for setting in SETTINGS}
        self.assertLessEqual(set(service["env"]), known)
        self.assertEqual(service["image"].rpartition(":")[2], __version__)
        settings, errors = examine({}, service["env"])
        self.assertEqual((settings.sandbox, errors), (True, []))

    def test_commands(self):
        """The program accepts its commands."""
        steps = [str(each.get("run")) for each in self.jobs["without-image"]["steps"]]
        commands = [step for step in steps if step.startswith("instantly-mcp ")]
        self.assertEqual(len(commands), 2)
        for command in commands:
            words = shlex.split(command.removesuffix("&"))[1:]
            CommandLine().parseOptions(words)
