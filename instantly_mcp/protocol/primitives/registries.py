"""Registries of tools, resources and prompts.

Tools and prompts can be added and removed while the server runs; `on_change` is called
after each change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import frozen
from zope.interface import Interface, implementer

from ..._noop import noop
from ..._rights import ALL_RIGHTS, Rights
from .prompt import Prompt
from .resource import Resource, ResourceTemplate
from .selected import SelectedItems
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

    def listed(rights: Rights = ALL_RIGHTS) -> Sequence[Tool]:
        """Return the tools that ``tools/list`` shows to a caller with these rights.

        The order is always the same, and so is the object until the list changes.
        """

    def find(name: str) -> Tool | None:
        """Return the tool with this name, whatever the caller's rights.

        It can be callable without being listed.
        """

    def is_disabled(name: str) -> bool:
        """Say whether a tool of this name exists but is not offered by this server."""


class IResourceRegistry(Interface):
    """The resources and resource templates that the server offers."""

    def resources(rights: Rights = ALL_RIGHTS) -> Sequence[Resource]:
        """Return the resources with fixed URIs, always in the same order."""

    def templates(rights: Rights = ALL_RIGHTS) -> Sequence[ResourceTemplate]:
        """Return the templates, always in the same order."""

    def find(uri: str) -> ResolvedResource | None:
        """Return the resource for a URI, with the values of its template."""

    def template(uri_template: str) -> ResourceTemplate | None:
        """Return the template with exactly this text."""


class IPromptRegistry(Interface):
    """The prompts that the server offers."""

    def listed(rights: Rights = ALL_RIGHTS) -> Sequence[Prompt]:
        """Return the prompts, always in the same order."""

    def find(name: str) -> Prompt | None:
        """Return the prompt with this name, whatever the caller's rights."""


@implementer(IToolRegistry)
class ToolRegistry:
    """Tools by name, in the order of their addition."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools = SelectedItems(tuple(tools))
        self.on_change: Callable[[], None] = noop

    def listed(self, rights: Rights = ALL_RIGHTS) -> Sequence[Tool]:
        return self._tools.seen_with(rights)

    def find(self, name: str) -> Tool | None:
        return next((tool for tool in self._tools.all if tool.name == name), None)

    def is_disabled(self, name: str) -> bool:
        return False

    def add(self, tool: Tool) -> None:
        """Add a tool at the end."""
        self._tools = SelectedItems((*self._tools.all, tool))
        self.on_change()

    def remove(self, name: str) -> None:
        """Remove it, if it is there."""
        kept = [tool for tool in self._tools.all if tool.name != name]
        self._tools = SelectedItems(kept)
        self.on_change()


@implementer(IPromptRegistry)
class PromptRegistry:
    """Prompts by name, in the order of their addition."""

    def __init__(self, prompts: Iterable[Prompt] = ()) -> None:
        self._prompts = SelectedItems(tuple(prompts))
        self.on_change: Callable[[], None] = noop

    def listed(self, rights: Rights = ALL_RIGHTS) -> Sequence[Prompt]:
        return self._prompts.seen_with(rights)

    def find(self, name: str) -> Prompt | None:
        prompts = self._prompts.all
        return next((prompt for prompt in prompts if prompt.name == name), None)

    def add(self, prompt: Prompt) -> None:
        """Add a prompt at the end."""
        self._prompts = SelectedItems((*self._prompts.all, prompt))
        self.on_change()

    def remove(self, name: str) -> None:
        """Remove it, if it is there."""
        kept = [prompt for prompt in self._prompts.all if prompt.name != name]
        self._prompts = SelectedItems(kept)
        self.on_change()


@implementer(IResourceRegistry)
class ResourceRegistry:
    """Resources by URI, then templates in their order.

    :param unlisted: resources that can be read, and that other things refer to.
    """

    def __init__(
        self,
        resources: Iterable[Resource] = (),
        templates: Iterable[ResourceTemplate] = (),
        unlisted: Iterable[Resource] = (),
    ) -> None:
        self._resources = SelectedItems(tuple(resources))
        self._fixed = (*self._resources.all, *unlisted)
        self._templates = SelectedItems(tuple(templates))

    def resources(self, rights: Rights = ALL_RIGHTS) -> Sequence[Resource]:
        return self._resources.seen_with(rights)

    def templates(self, rights: Rights = ALL_RIGHTS) -> Sequence[ResourceTemplate]:
        return self._templates.seen_with(rights)

    def find(self, uri: str) -> ResolvedResource | None:
        for resource in self._fixed:
            if resource.uri == uri:
                return ResolvedResource(resource, {})
        for template in self._templates.all:
            values = template.template.match(uri)
            if values is not None:
                # An empty query value says nothing, like an empty argument of a tool.
                said = {name: value for name, value in values.items() if value}
                return ResolvedResource(template, said)
        return None

    def template(self, uri_template: str) -> ResourceTemplate | None:
        for template in self._templates.all:
            if template.template.template == uri_template:
                return template
        return None
