"""Plain collections of features: what an author fills and the server offers.

Each can change while the server runs; whoever must know is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import frozen
from zope.interface import Interface, implementer

from .prompt import Prompt
from .resource import Resource, ResourceTemplate
from .tool import Tool


@frozen
class Found:
    """A resource for one URI, with the values that its template found in it."""

    described: Resource | ResourceTemplate
    values: Mapping[str, str]

    @property
    def uri(self) -> str:
        """Its URI in normal form: clients percent-encode one value in many ways."""
        if isinstance(self.described, Resource):
            return self.described.uri
        return self.described.template.expand(self.values)


class IToolbox(Interface):
    """The tools on offer."""

    def listed() -> Sequence[Tool]:
        """Return the tools that ``tools/list`` shows, always in the same order."""

    def find(name: str) -> Tool | None:
        """Return the tool called so, also one that is callable but not listed."""


class IResourceShelf(Interface):
    """The resources on offer."""

    def resources() -> Sequence[Resource]:
        """Return the resources with fixed URIs, always in the same order."""

    def templates() -> Sequence[ResourceTemplate]:
        """Return the templates, always in the same order."""

    def find(uri: str) -> Found | None:
        """Return what serves the URI, with the values its template found in it."""

    def template(uri_template: str) -> ResourceTemplate | None:
        """Return the template written so."""


class IPromptBook(Interface):
    """The prompts on offer."""

    def listed() -> Sequence[Prompt]:
        """Return the prompts, always in the same order."""

    def find(name: str) -> Prompt | None:
        """Return the prompt called so."""


def _nobody() -> None:
    """Tell nobody."""


@implementer(IToolbox)
class ToolShelf:
    """Tools by name, in the order in which they were added."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools = tuple(tools)
        self.on_change: Callable[[], None] = _nobody

    def listed(self) -> Sequence[Tool]:
        return self._tools

    def find(self, name: str) -> Tool | None:
        return next((tool for tool in self._tools if tool.name == name), None)

    def add(self, tool: Tool) -> None:
        """Offer one more tool."""
        self._tools = (*self._tools, tool)
        self.on_change()

    def remove(self, name: str) -> None:
        """Offer it no longer."""
        self._tools = tuple(tool for tool in self._tools if tool.name != name)
        self.on_change()


@implementer(IPromptBook)
class PromptShelf:
    """Prompts by name, in the order in which they were added."""

    def __init__(self, prompts: Iterable[Prompt] = ()) -> None:
        self._prompts = tuple(prompts)
        self.on_change: Callable[[], None] = _nobody

    def listed(self) -> Sequence[Prompt]:
        return self._prompts

    def find(self, name: str) -> Prompt | None:
        return next((prompt for prompt in self._prompts if prompt.name == name), None)

    def add(self, prompt: Prompt) -> None:
        """Offer one more prompt."""
        self._prompts = (*self._prompts, prompt)
        self.on_change()

    def remove(self, name: str) -> None:
        """Offer it no longer."""
        self._prompts = tuple(p for p in self._prompts if p.name != name)
        self.on_change()


@implementer(IResourceShelf)
class ResourceShelf:
    """Resources by URI, and templates tried in order."""

    def __init__(
        self,
        resources: Iterable[Resource] = (),
        templates: Iterable[ResourceTemplate] = (),
    ) -> None:
        self._resources = tuple(resources)
        self._templates = tuple(templates)

    def resources(self) -> Sequence[Resource]:
        return self._resources

    def templates(self) -> Sequence[ResourceTemplate]:
        return self._templates

    def find(self, uri: str) -> Found | None:
        for resource in self._resources:
            if resource.uri == uri:
                return Found(resource, {})
        for template in self._templates:
            values = template.template.match(uri)
            if values is not None:
                return Found(template, values)
        return None

    def template(self, uri_template: str) -> ResourceTemplate | None:
        for template in self._templates:
            if template.template.template == uri_template:
                return template
        return None
