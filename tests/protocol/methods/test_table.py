"""The methods that every era has."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.protocol.methods.table import common_methods
from tests.conformance.contents import prompts, resources, skills
from tests.support.servers import make_server_features
from tests.support.toolboxes import SmallToolbox

TOOLS = {"tools/list", "tools/call"}
PROMPTS = {"prompts/list", "prompts/get"}
RESOURCES = {"resources/list", "resources/templates/list", "resources/read"}
SKILLS = {"skills/list", "skills/get", "resources/directory/read"}


class CommonMethodsTests(SynchronousTestCase):
    """Features that the server lacks have no methods."""

    def table(self, **offered: object) -> set[str]:
        """Return the names of the methods for features other than tools."""
        return set(
            common_methods(make_server_features(SmallToolbox(), Clock(), **offered))
        )

    def test_tools_alone(self) -> None:
        """With nothing but tools there is nothing but tools."""
        self.assertEqual(self.table(), TOOLS)

    def test_prompts(self) -> None:
        """Prompts bring their methods and completion."""
        offered = self.table(prompts=prompts())
        self.assertEqual(offered, TOOLS | PROMPTS | {"completion/complete"})

    def test_resources(self) -> None:
        """Resources bring their methods and completion."""
        offered = self.table(resources=resources())
        self.assertEqual(offered, TOOLS | RESOURCES | {"completion/complete"})

    def test_skills(self) -> None:
        """Skills bring their methods and the reading of folders."""
        known = skills()
        offered = self.table(skills=known, resources=resources(known))
        self.assertEqual(offered - self.table(resources=resources()), SKILLS)

    def test_each_era_gets_its_own(self) -> None:
        """A table can be extended without another one noticing."""
        features = make_server_features(SmallToolbox(), Clock())
        common_methods(features)["ping"] = lambda features, context: {}
        self.assertNotIn("ping", common_methods(features))
