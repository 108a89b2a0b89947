"""Registries of tools, resources and prompts.

Tools and prompts can be added and removed while the server runs; `on_change` is called
after each change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import frozen
from zope.interface import Interface, implementer

from ..._noop import noop
from .prompt import Prompt
from .resource import Resource, ResourceTemplate
from .tool import Tool


@frozen
class ResolvedResource:
    """The resource for a URI, with the values of the template's variables in it."""

    described: Resource | ResourceTemplate
    values: Mapping[str, str]

    @property
    def uri(self) -> str:
        """The URI in its normal form: clients percent-encode in different ways."""
        if isinstance(self.described, Resource):
            return self.described.uri
        return self.described.template.expand(self.values)


class IToolRegistry(Interface):
    """The tools that the server offers."""

    def listed() -> Sequence[Tool]:
        """Return the tools that ``tools/list`` shows, always in the same order."""

    def find(name: str) -> Tool | None:
        """Return the tool with this name; it can be callable without being listed."""


class IResourceRegistry(Interface):
    """The resources and resource templates that the server offers."""

    def resources() -> Sequence[Resource]:
        """Return the resources with fixed URIs, always in the same order."""

    def templates() -> Sequence[ResourceTemplate]:
        """Return the templates, always in the same order."""

    def find(uri: str) -> ResolvedResource | None:
        """Return the resource for a URI, with the values of its template."""

    def template(uri_template: str) -> ResourceTemplate | None:
        """Return the template with exactly this text."""


class IPromptRegistry(Interface):
    """The prompts that the server offers."""

    def listed() -> Sequence[Prompt]:
        """Return the prompts, always in the same order."""

    def find(name: str) -> Prompt | None:
        """Return the prompt with this name."""


@implementer(IToolRegistry)
class ToolRegistry:
    """Tools by name, in the order of their addition."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools = tuple(tools)
        self.on_change: Callable[[], None] = noop

    def listed(self) -> Sequence[Tool]:
        return self._tools

    def find(self, name: str) -> Tool | None:
        return next((tool for tool in self._tools if tool.name == name), None)

    def add(self, tool: Tool) -> None:
        """Add a tool at the end."""
        self._tools = (*self._tools, tool)
        self.on_change()

    def remove(self, name: str) -> None:
        """Remove it, if it is there."""
        self._tools = tuple(tool for tool in self._tools if tool.name != name)
        self.on_change()


@implementer(IPromptRegistry)
class PromptRegistry:
    """Prompts by name, in the order of their addition."""

    def __init__(self, prompts: Iterable[Prompt] = ()) -> None:
        self._prompts = tuple(prompts)
        self.on_change: Callable[[], None] = noop

    def listed(self) -> Sequence[Prompt]:
        return self._prompts

    def find(self, name: str) -> Prompt | None:
        return next((prompt for prompt in self._prompts if prompt.name == name), None)

    def add(self, prompt: Prompt) -> None:
        """Add a prompt at the end."""
        self._prompts = (*self._prompts, prompt)
        self.on_change()

    def remove(self, name: str) -> None:
        """Remove it, if it is there."""
        self._prompts = tuple(p for p in self._prompts if p.name != name)
        self.on_change()


@implementer(IResourceRegistry)
class ResourceRegistry:
    """Resources by URI, then templates in their order."""

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

    def find(self, uri: str) -> ResolvedResource | None:
        for resource in self._resources:
            if resource.uri == uri:
                return ResolvedResource(resource, {})
        for template in self._templates:
            values = template.template.match(uri)
            if values is not None:
                # An empty query value says nothing, like an empty argument of a tool.
                said = {name: value for name, value in values.items() if value}
                return ResolvedResource(template, said)
        return None

    def template(self, uri_template: str) -> ResourceTemplate | None:
        for template in self._templates:
            if template.template.template == uri_template:
                return template
        return None
