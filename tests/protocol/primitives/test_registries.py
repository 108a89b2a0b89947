"""Registries of features: order, look-ups, and reports of changes."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.protocol.primitives.registries import (
    IPromptRegistry,
    IResourceRegistry,
    IToolRegistry,
    PromptRegistry,
    ResourceRegistry,
    ToolRegistry,
)
from instantly_mcp.protocol.wire.uri_template import UriTemplate

from ..sample_features import says, tool
from .test_prompt import GREET
from .test_resource import LETTER, NOTE

ONE = tool("one", lambda arguments, call: succeed(says("1")))
TWO = tool("two", lambda arguments, call: succeed(says("2")))


class ToolRegistryTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It provides IToolRegistry."""
        self.assertTrue(verifyObject(IToolRegistry, ToolRegistry()))

    def test_finds(self) -> None:
        """Tools are listed in their order and found by their names."""
        registry = ToolRegistry([TWO, ONE])
        self.assertEqual(list(registry.listed()), [TWO, ONE])
        self.assertIs(registry.find("one"), ONE)
        self.assertIsNone(registry.find("three"))

    def test_same_object(self) -> None:
        """The list is one object until something changes: it is rendered once."""
        registry = ToolRegistry([ONE])
        before = registry.listed()
        self.assertIs(registry.listed(), before)
        registry.add(TWO)
        self.assertEqual(list(before), [ONE])
        self.assertEqual(list(registry.listed()), [ONE, TWO])

    def test_changes(self) -> None:
        """The callback is called after each change."""
        registry, counts = ToolRegistry(), list[int]()
        registry.on_change = lambda: counts.append(len(registry.listed()))
        registry.add(ONE)
        registry.add(TWO)
        registry.remove("one")
        self.assertEqual(counts, [1, 2, 1])
        self.assertIsNone(registry.find("one"))


class PromptRegistryTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It provides IPromptRegistry."""
        self.assertTrue(verifyObject(IPromptRegistry, PromptRegistry()))

    def test_finds(self) -> None:
        """Prompts are listed in their order and found by their names."""
        other = evolve(GREET, name="other")
        registry = PromptRegistry([other, GREET])
        self.assertEqual(list(registry.listed()), [other, GREET])
        self.assertIs(registry.find("greet"), GREET)
        self.assertIsNone(registry.find("nothing"))

    def test_changes(self) -> None:
        """The callback is called after each change."""
        registry, counts = PromptRegistry(), list[int]()
        registry.on_change = lambda: counts.append(len(registry.listed()))
        registry.add(GREET)
        registry.remove("nothing")
        registry.remove("greet")
        self.assertEqual(counts, [1, 1, 0])


class ResourceRegistryTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It provides IResourceRegistry."""
        self.assertTrue(verifyObject(IResourceRegistry, ResourceRegistry()))

    def test_fixed_comes_first(self) -> None:
        """A fixed URI is found before a template that fits it as well."""
        fixed = evolve(NOTE, uri="test://letters/a")
        registry = ResourceRegistry([NOTE, fixed], [LETTER])
        found = registry.find("test://letters/a")
        assert found is not None
        self.assertIs(found.described, fixed)
        self.assertEqual(found.values, {})

    def test_templates_in_order(self) -> None:
        """The first template that fits serves, with the values that it found."""
        narrow = evolve(LETTER, template=UriTemplate("test://letters/x-{rest}"))
        registry = ResourceRegistry([], [narrow, LETTER])
        for uri, template, values in (
            ("test://letters/x-1", narrow, {"rest": "1"}),
            ("test://letters/y-1", LETTER, {"letter": "y-1"}),
            ("test://letters/y-1?size=", LETTER, {"letter": "y-1"}),
            ("test://letters/y-1?size=2", LETTER, {"letter": "y-1", "size": "2"}),
        ):
            found = registry.find(uri)
            assert found is not None
            self.assertIs(found.described, template)
            self.assertEqual(found.values, values)

    def test_nothing(self) -> None:
        """A URI without a resource is not found."""
        registry = ResourceRegistry([NOTE], [LETTER])
        for uri in ("", "test://", "test://letters/", LETTER.template.template + "/"):
            self.assertIsNone(registry.find(uri))

    def test_unlisted(self) -> None:
        """An unlisted resource is found by its URI, and is in no list."""
        hidden = evolve(NOTE, uri="test://hidden")
        registry = ResourceRegistry([NOTE], [LETTER], unlisted=[hidden])
        found = registry.find("test://hidden")
        assert found is not None
        self.assertIs(found.described, hidden)
        self.assertEqual(list(registry.resources()), [NOTE])

    def test_by_template(self) -> None:
        """A template is found by its exact text."""
        registry = ResourceRegistry([NOTE], [LETTER])
        self.assertIs(registry.template(LETTER.template.template), LETTER)
        self.assertIsNone(registry.template("test://letters/{letter}"))
        self.assertEqual(list(registry.templates()), [LETTER])
        self.assertEqual(list(registry.resources()), [NOTE])
