"""``ui://instantly/preview``: the card that shows the preview of a write.

It is the same for all callers and contains no data, so it is readable without a key.
Tools refer to it, for clients that show cards; the list of resources leaves it out, as
the extension permits, since it is of no use to a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred, succeed

from ..._json_codec import JsonObject
from ...protocol.calls.call import Call
from ...protocol.primitives.card import CARD_TYPE
from ...protocol.primitives.resource import Resource, ResourceContents
from ..tools.declaring.declaration import PREVIEW_CARD
from .preview_page import PAGE

META: JsonObject = {
    "ui": {
        "csp": {
            "connectDomains": [],
            "resourceDomains": [],
            "frameDomains": [],
            "baseUriDomains": [],
        },
        "prefersBorder": True,
    }
}
"""What the client may let the page reach, which is nothing, and how to show it."""

_CONTENTS = ResourceContents(
    uri=PREVIEW_CARD, mime_type=CARD_TYPE, text=PAGE, meta=META
)


def preview_card(ttl_ms: int) -> Resource:
    """Return the resource.

    :param ttl_ms: how long clients may cache it, in milliseconds.
    """
    return Resource(
        uri=PREVIEW_CARD,
        name="preview-card",
        title="Preview card",
        description="Shows what a call would send or spend; it confirms nothing.",
        mime_type=CARD_TYPE,
        read=_read,
        ttl_ms=ttl_ms,
    )


def _read(
    uri: str, values: Mapping[str, str], call: Call
) -> Deferred[Sequence[ResourceContents]]:
    return succeed([_CONTENTS])
