"""The client's name for the log, from the name and version that it states.

A client states them in ``initialize``, or, since 2026-07-28, in the envelope of each
request. Both are untrusted text, so the log gets a short word of visible ASCII without
anything that looks like a key.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..._credential import Secret
from ..._json_codec import Json, JsonObject

META_CLIENT = "io.modelcontextprotocol/clientInfo"

MAX_NAME_CHARS = 64
MAX_VERSION_CHARS = 32
UNNAMED = "-"
TOO_LONG = "(long)"
REDACTED = "[redacted]"

_NOT_SHOWN = re.compile(r"[^\x21-\x7e]")
_BASE64 = r"[A-Za-z0-9+/]*"
_LIKE_A_SECRET = re.compile(
    rf"{_BASE64}(?=[A-Za-z]*[0-9])[A-Za-z0-9]{{20,}}{_BASE64}={{0,2}}"
)
"""Keys are long base64 with digits; words of that length in names have no digit."""


def client_label(name: Json, version: Json, key: Secret | None = None) -> str:
    """Return ``name/version`` for the log, ``-`` for a client without a name.

    :param key: the caller's key, which is removed from both texts.
    """
    if not isinstance(name, str) or not name:
        return UNNAMED
    if not isinstance(version, str):
        version = ""
    if key is not None:
        name, version = key.cut_from(name, REDACTED), key.cut_from(version, REDACTED)
    # A text is not truncated: the rest could be a part of a key.
    return _cleaned(
        name if len(name) <= MAX_NAME_CHARS else TOO_LONG,
        version if len(version) <= MAX_VERSION_CHARS else TOO_LONG,
    )


def client_info_in(params: JsonObject) -> tuple[Json, Json] | None:
    """Return the client's name and version in the params of a message, if present."""
    client = params.get("clientInfo")
    if client is None:
        meta = params.get("_meta")
        client = meta.get(META_CLIENT) if isinstance(meta, dict) else None
    if not isinstance(client, dict):
        return None
    return client.get("name"), client.get("version")


@lru_cache(maxsize=256)
def _cleaned(name: str, version: str) -> str:
    name, version = (
        _LIKE_A_SECRET.sub(REDACTED, _NOT_SHOWN.sub("_", each))
        for each in (name, version)
    )
    return f"{name}/{version}" if version else name
