"""Resources and resource templates, independent of era and transport."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred

from ..._json_codec import Json, JsonObject
from ..._rights import Level
from ..wire.uri_template import UriTemplate

if TYPE_CHECKING:
    from ..calls.call import Call


@frozen(kw_only=True)
class ResourceContents:
    """A part of a resource's contents: text or bytes.

    :param meta: ``_meta`` of the contents.
    :raises ValueError: if neither or both of `text` and `blob` are set.
    """

    uri: str
    mime_type: str
    text: str | None = None
    blob: bytes | None = None
    meta: JsonObject | None = None

    def __attrs_post_init__(self) -> None:
        """Check that exactly one of `text` and `blob` is set."""
        if (self.text is None) == (self.blob is None):
            raise ValueError("contents are either text or a blob")

    def as_object(self) -> JsonObject:
        """Return the wire form."""
        found: dict[str, Json] = {"uri": self.uri, "mimeType": self.mime_type}
        if self.text is not None:
            found["text"] = self.text
        else:
            found["blob"] = b64encode(self.blob or b"").decode("ascii")
        if self.meta is not None:
            found["_meta"] = self.meta
        return found


ReadResource: TypeAlias = (
    "Callable[[str, Mapping[str, str], Call], Deferred[Sequence[ResourceContents]]]"
)
"""Reads a resource, given its URI, the values of its template, and the call."""

WatchResource: TypeAlias = "Callable[[str, Mapping[str, str], Call], Deferred[None]]"
"""Polls a resource while clients are subscribed to it (see `watching`).

Its Deferred fires when the resource will not change again. It is cancelled with the
last subscription."""

CompleteValue: TypeAlias = (
    "Callable[[str, Mapping[str, str], Call], Deferred[Sequence[str]]]"
)
"""Completes a value, given the typed text, the other values so far, and the call."""


@frozen(kw_only=True)
class Resource:
    """A resource with a fixed URI.

    :param read: fails with `ProtocolError` for errors that are reported to the client.
    :param needs_credential: whether reading it requires a credential.
    :param private: whether its contents depend on the caller, so that caches must not
        share them.
    :param ttl_ms: how long a public resource may be cached, in milliseconds.
    :param watch: finds changes that are not made through this server.
    :param toolset: the toolset that it belongs to; ``None`` for all callers.
    :param level: the least access level that may read it.
    """

    uri: str
    name: str
    title: str
    description: str
    mime_type: str
    read: ReadResource
    needs_credential: bool = False
    private: bool = False
    ttl_ms: int = 60_000
    watch: WatchResource | None = None
    toolset: str | None = None
    level: Level = Level.READ_ONLY

    def as_object(self, structured: bool) -> JsonObject:
        """Return the entry in ``resources/list``, with a title if `structured`."""
        return _entry(self, "uri", self.uri, structured)


@frozen(kw_only=True)
class ResourceTemplate:
    """Resources whose URIs match a template.

    :param complete: completion functions by the name of the template's variable.
    :param watch: finds changes that are not made through this server.
    :param toolset: see `Resource`, as for `level`.
    """

    template: UriTemplate
    name: str
    title: str
    description: str
    mime_type: str
    read: ReadResource
    complete: Mapping[str, CompleteValue] = {}
    needs_credential: bool = True
    private: bool = True
    ttl_ms: int = 60_000
    watch: WatchResource | None = None
    toolset: str | None = None
    level: Level = Level.READ_ONLY

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
