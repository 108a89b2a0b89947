"""How a function that looks something up becomes a readable resource.

A `Lookup` returns JSON or Markdown, or raises an error of the API client.
`ResourceReader` turns that into the contents of a resource, or into a protocol error
with the code that the client's protocol revision defines.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeAlias

from attrs import frozen

from ..._deferred import deferred
from ..._json_codec import Json
from ...api.errors import ApiError, Reason
from ...protocol.calls.call import Call
from ...protocol.primitives.resource import ResourceContents
from ...protocol.wire.errors import resource_not_found
from ..output import own_text, resource_text
from ..results import (
    CallRefusedError,
    protocol_error,
    refusal_error,
)
from ..workspace.context import FeatureContext, Values
from ..workspace.names import ObjectKind

Lookup: TypeAlias = Callable[[FeatureContext, Values, Call], Coroutine[Any, Any, Json]]

JSON = "application/json"
MARKDOWN = "text/markdown"


@frozen
class ResourceReader:
    """Reads a resource and returns it as compact JSON, or as Markdown.

    :param names: the variable that names an object, by id or by name.
    :param kind: the kind of that object.
    :param public: it holds nothing of a workspace, and so no untrusted text.
    """

    context: FeatureContext
    lookup: Lookup
    names: str | None = None
    kind: ObjectKind | None = None
    public: bool = False

    @deferred
    async def __call__(
        self, uri: str, values: Values, call: Call
    ) -> Sequence[ResourceContents]:
        try:
            value = await self.lookup(
                self.context, await self._with_id(values, call), call
            )
        except ApiError as error:
            if error.reason is Reason.NOT_FOUND:
                modern = call.caller.revision.modern
                raise resource_not_found(uri, modern=modern) from error
            raise protocol_error(error) from error
        except CallRefusedError as refusal:
            raise refusal_error(refusal) from refusal
        if self.public:
            return [_contents(uri, value, own_text)]
        return [
            _contents(uri, value, partial(resource_text, workspace=call.workspace_name))
        ]

    async def _with_id(self, values: Values, call: Call) -> Values:
        """Return the values of the variables with an id in the place of a name."""
        if self.names is None or self.kind is None:
            return values
        id = await self.context.names.id_of(self.kind, values[self.names], call)
        return {**values, self.names: id}


def _contents(
    uri: str, value: Json, as_text: Callable[[Json], str]
) -> ResourceContents:
    if isinstance(value, str):
        return ResourceContents(uri=uri, mime_type=MARKDOWN, text=value)
    return ResourceContents(uri=uri, mime_type=JSON, text=as_text(value))
