"""What a resource and a resource template are, independent of era and transport."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred

from ..._json import Json, JsonObject
from ..wire.uri_template import UriTemplate

if TYPE_CHECKING:
    from ..calls.call import Call


@frozen(kw_only=True)
class Contents:
    """One piece of a resource: text, or bytes.

    :raises ValueError: when it is neither or both.
    """

    uri: str
    mime_type: str
    text: str | None = None
    blob: bytes | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse contents that are neither text nor bytes."""
        if (self.text is None) == (self.blob is None):
            raise ValueError("contents are either text or a blob")

    def as_object(self) -> JsonObject:
        """Return the wire form."""
        found: dict[str, Json] = {"uri": self.uri, "mimeType": self.mime_type}
        if self.text is not None:
            found["text"] = self.text
        else:
            found["blob"] = b64encode(self.blob or b"").decode("ascii")
        return found


Read: TypeAlias = (
    "Callable[[str, Mapping[str, str], Call], Deferred[Sequence[Contents]]]"
)
"""Reads a URI: called with it, with the template's values, and with the call."""

Watch: TypeAlias = "Callable[[str, Mapping[str, str], Call], Deferred[None]]"
"""Looks at a URI again and again while somebody subscribes, until nothing more will
change; cancelled with the last subscription."""

Complete: TypeAlias = (
    "Callable[[str, Mapping[str, str], Call], Deferred[Sequence[str]]]"
)
"""Completes a value: called with what is typed, the values known so far, the call."""


@frozen(kw_only=True)
class Resource:
    """A resource with a fixed URI.

    :param read: fails with `ProtocolError` for what the caller may know of.
    :param private: its contents depend on who asks; nobody else may cache them.
    :param ttl_ms: how long a public resource may be cached, in milliseconds.
    :param watch: finds out about changes, where nobody else would.
    """

    uri: str
    name: str
    title: str
    description: str
    mime_type: str
    read: Read
    needs_credential: bool = False
    private: bool = False
    ttl_ms: int = 60_000
    watch: Watch | None = None

    def as_object(self, structured: bool) -> JsonObject:
        """Return the entry in ``resources/list``; `structured`: titles exist."""
        return _entry(self, "uri", self.uri, structured)


@frozen(kw_only=True)
class ResourceTemplate:
    """Resources whose URIs follow a template.

    :param complete: completers by the name of the template's variable.
    :param watch: finds out about changes, where nobody else would.
    """

    template: UriTemplate
    name: str
    title: str
    description: str
    mime_type: str
    read: Read
    complete: Mapping[str, Complete] = {}
    needs_credential: bool = True
    private: bool = True
    ttl_ms: int = 60_000
    watch: Watch | None = None

    def as_object(self, structured: bool) -> JsonObject:
        """Return the entry in ``resources/templates/list``."""
        return _entry(self, "uriTemplate", self.template.template, structured)


def _entry(
    described: Resource | ResourceTemplate, key: str, value: str, structured: bool
) -> JsonObject:
    entry: dict[str, Json] = {key: value, "name": described.name}
    if structured:
        entry["title"] = described.title
    entry["description"] = described.description
    entry["mimeType"] = described.mime_type
    return entry
