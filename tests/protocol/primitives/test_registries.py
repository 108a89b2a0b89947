"""Plain collections of features: order, look-ups, and telling of changes."""

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


class ToolShelfTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It is a toolbox."""
        self.assertTrue(verifyObject(IToolRegistry, ToolRegistry()))

    def test_finds(self) -> None:
        """Tools are listed in their order and found by their names."""
        shelf = ToolRegistry([TWO, ONE])
        self.assertEqual(list(shelf.listed()), [TWO, ONE])
        self.assertIs(shelf.find("one"), ONE)
        self.assertIsNone(shelf.find("three"))

    def test_same_object(self) -> None:
        """The list is one object until something changes: it is rendered once."""
        shelf = ToolRegistry([ONE])
        before = shelf.listed()
        self.assertIs(shelf.listed(), before)
        shelf.add(TWO)
        self.assertEqual(list(before), [ONE])
        self.assertEqual(list(shelf.listed()), [ONE, TWO])

    def test_changes(self) -> None:
        """The callback is called after each change."""
        shelf, counts = ToolRegistry(), list[int]()
        shelf.on_change = lambda: counts.append(len(shelf.listed()))
        shelf.add(ONE)
        shelf.add(TWO)
        shelf.remove("one")
        self.assertEqual(counts, [1, 2, 1])
        self.assertIsNone(shelf.find("one"))


class PromptShelfTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It is a book of prompts."""
        self.assertTrue(verifyObject(IPromptRegistry, PromptRegistry()))

    def test_finds(self) -> None:
        """Prompts are listed in their order and found by their names."""
        other = evolve(GREET, name="other")
        shelf = PromptRegistry([other, GREET])
        self.assertEqual(list(shelf.listed()), [other, GREET])
        self.assertIs(shelf.find("greet"), GREET)
        self.assertIsNone(shelf.find("nothing"))

    def test_changes(self) -> None:
        """The callback is called after each change."""
        shelf, counts = PromptRegistry(), list[int]()
        shelf.on_change = lambda: counts.append(len(shelf.listed()))
        shelf.add(GREET)
        shelf.remove("nothing")
        shelf.remove("greet")
        self.assertEqual(counts, [1, 1, 0])


class ResourceShelfTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It is a shelf of resources."""
        self.assertTrue(verifyObject(IResourceRegistry, ResourceRegistry()))

    def test_fixed_comes_first(self) -> None:
        """A fixed URI is found before a template that fits it as well."""
        fixed = evolve(NOTE, uri="test://letters/a")
        shelf = ResourceRegistry([NOTE, fixed], [LETTER])
        found = shelf.find("test://letters/a")
        assert found is not None
        self.assertIs(found.described, fixed)
        self.assertEqual(found.values, {})

    def test_templates_in_order(self) -> None:
        """The first template that fits serves, with the values that it found."""
        narrow = evolve(LETTER, template=UriTemplate("test://letters/x-{rest}"))
        shelf = ResourceRegistry([], [narrow, LETTER])
        for uri, template, values in (
            ("test://letters/x-1", narrow, {"rest": "1"}),
            ("test://letters/y-1", LETTER, {"letter": "y-1"}),
        ):
            found = shelf.find(uri)
            assert found is not None
            self.assertIs(found.described, template)
            self.assertEqual(found.values, values)

    def test_nothing(self) -> None:
        """What nothing serves is not found."""
        shelf = ResourceRegistry([NOTE], [LETTER])
        for uri in ("", "test://", "test://letters/", LETTER.template.template + "/"):
            self.assertIsNone(shelf.find(uri))

    def test_by_template(self) -> None:
        """A template is found by its own text, exactly."""
        shelf = ResourceRegistry([NOTE], [LETTER])
        self.assertIs(shelf.template(LETTER.template.template), LETTER)
        self.assertIsNone(shelf.template("test://letters/{letter}"))
        self.assertEqual(list(shelf.templates()), [LETTER])
        self.assertEqual(list(shelf.resources()), [NOTE])
