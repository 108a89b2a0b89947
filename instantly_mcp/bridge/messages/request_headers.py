"""The HTTP headers of a modern request, which repeat parts of its body.

The inverse of the checks in ``protocol.wire.envelope`` and
``protocol.wire.param_headers``: what is written here passes them.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from decimal import Decimal

from ..._json_codec import Json, JsonObject, dumps, utf8
from ...protocol.wire.classify import META_VERSION
from ...protocol.wire.envelope import (
    METHOD_HEADER,
    NAME_HEADER,
    NAME_PARAMETERS,
    decode_sentinel,
)
from ...protocol.wire.jsonrpc import Notification, Request
from ...protocol.wire.param_headers import ParamHeader
from ...protocol.wire.versions import VERSION_HEADER

BOTH_FORMS = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
}

_PLAIN = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


def modern_headers(
    message: Request | Notification, params: Sequence[ParamHeader] = ()
) -> dict[str, str]:
    """Return the headers of a message of the modern era.

    :param params: the annotated arguments of the tool that it calls.
    """
    headers = dict(BOTH_FORMS)
    meta = message.params.get("_meta")
    version = meta.get(META_VERSION) if isinstance(meta, dict) else None
    if isinstance(version, str):
        headers[VERSION_HEADER] = encode_value(version)
    headers[METHOD_HEADER] = encode_value(message.method)
    name = message.params.get(NAME_PARAMETERS.get(message.method, ""))
    if isinstance(name, str):
        headers[NAME_HEADER] = encode_value(name)
    arguments = message.params.get("arguments")
    if isinstance(arguments, dict):
        headers.update(_repeated(arguments, params))
    return headers


def encode_value(text: str) -> str:
    """Encode a text as a header value, as ``=?base64?…?=`` where it must be.

    That is for characters that headers cannot contain, for spaces at either end, and
    for text that itself looks encoded.
    """
    if _PLAIN.fullmatch(text) and decode_sentinel(text) == text:
        return text
    return f"=?base64?{b64encode(utf8(text)).decode('ascii')}?="


def _repeated(arguments: JsonObject, params: Sequence[ParamHeader]) -> dict[str, str]:
    found = {each.header: _value_at(arguments, each.path) for each in params}
    return {
        header: encode_value(_as_text(value))
        for header, value in found.items()
        if value is not None
    }


def _value_at(value: Json, path: tuple[str, ...]) -> Json:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _as_text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # Plain digits: the check does not read exponents.
        return format(Decimal(str(value)), "f")
    # A wrong type, which the validation of the arguments reports.
    return dumps(value).decode("utf-8")
