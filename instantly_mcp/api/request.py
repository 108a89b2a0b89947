"""Builds the HTTP request for an operation, its arguments and a credential.

Values that must not appear in a URL are refused before the URL is built.
"""

from __future__ import annotations

import re
from math import isfinite
from unicodedata import category, normalize
from urllib.parse import quote

from attrs import evolve, field, frozen
from twisted.web.http_headers import Headers

from .. import __version__
from .._credential import Credential
from .._json_codec import Json, JsonObject, dumps, utf8
from ..catalog.operation import ArrayStyle, Operation, Parameter, Place
from .errors import ApiError, Reason
from .upstream import Upstream

MAX_PATH_VALUE_CHARACTERS = 254

_SLOT = re.compile(r"\{([^{}]+)\}")
_PLAIN_SEGMENT = re.compile(r"[^\x00-\x20\x7f/\\?#%]{1,254}")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]{1,4096}")
_RESERVED = frozenset("/\\?#%")
# Characters that look like a slash or backslash and that NFKC does not change.
_SLASH_LIKE = frozenset("\u2044\u2215\u2216\u2571\u2572\u27cb\u27cd\u29f5\u29f8\u29f9")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})

_USER_AGENT = f"instantly-mcp/{__version__}".encode("ascii")


@frozen(kw_only=True)
class PreparedCall:
    """One HTTP request, ready to be sent. Its ``repr`` shows no values.

    :param url: absolute and fully percent-encoded.
    :param body: ``None`` for a request without a body and without Content-Type.
    """

    method: str
    url: str = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


def prepare(
    upstream: Upstream,
    operation: Operation,
    arguments: JsonObject,
    credential: Credential,
    traceparent: str | None = None,
) -> PreparedCall:
    """Build the request.

    :param arguments: values by the API's own parameter names.
    :param traceparent: omitted if it is not a valid header value.
    :raises ApiError: `Reason.BAD_ARGUMENT` for arguments that are unknown, missing or
        invalid, `Reason.KEY_REJECTED` for a key that is not a valid header value.
    """
    _check_names(operation, arguments)
    body = _body(operation, arguments)
    query = _query(operation, arguments)
    path = _path(operation, arguments)
    headers = _headers(upstream, operation, credential, body is not None)
    if traceparent is not None and _HEADER_VALUE.fullmatch(traceparent):
        headers.setRawHeaders(b"Traceparent", [traceparent.encode("ascii")])
    return PreparedCall(
        method=operation.method,
        url=f"{upstream.base}{path}{query}",
        headers=headers,
        body=body,
    )


def with_key(prepared: PreparedCall, credential: Credential) -> PreparedCall:
    """Return the request with the present key of its caller.

    The operator may have replaced the key while the call waited for its turn.

    :param credential: the credential for which the request was prepared.
    """
    key = _bearer(credential.secret.reveal())
    if prepared.headers.getRawHeaders(b"Authorization") == [key]:
        return prepared
    headers = prepared.headers.copy()
    headers.setRawHeaders(b"Authorization", [key])
    return evolve(prepared, headers=headers)


def _bearer(key: str) -> bytes:
    return b"Bearer " + key.encode("ascii")


def _refuse(operation: Operation, why: str, argument: str | None = None) -> ApiError:
    return ApiError(
        reason=Reason.BAD_ARGUMENT,
        message=why,
        operation_id=operation.id,
        argument=argument,
    )


def _check_names(operation: Operation, arguments: JsonObject) -> None:
    known = operation.by_name
    for name in arguments:
        if name not in known:
            shown = ascii(str(name)[:60])
            raise _refuse(operation, f"There is no argument named {shown}.")
    for parameter in operation.parameters:
        if parameter.required and parameter.name not in arguments:
            raise _refuse(operation, f"The argument {parameter.name!r} is missing.")


def _path(operation: Operation, arguments: JsonObject) -> str:
    template = operation.path
    if "{" not in template:
        return template
    return _SLOT.sub(
        lambda slot: _segment(operation, slot[1], arguments.get(slot[1])), template
    )


def _segment(operation: Operation, name: str, value: Json) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not is_path_value(value):
        raise _refuse(
            operation,
            f"The argument {name!r} must be 1 to {MAX_PATH_VALUE_CHARACTERS} characters"
            " without any of / \\ ? # %, white space or control characters, and neither"
            " '.' nor '..'.",
            name,
        )
    return quote(value, safe="")


def is_path_value(value: str) -> bool:
    """Say whether `value` may be used as one segment of a path."""
    if not _PLAIN_SEGMENT.fullmatch(value) or value in {".", ".."}:
        return False
    if value.isascii():
        return True
    if any(category(character) in _INVISIBLE for character in value):
        return False
    # Lookalikes of separators are refused too: a proxy may normalize them.
    folded = normalize("NFKC", value)
    return (
        not _RESERVED.intersection(folded)
        and not _SLASH_LIKE.intersection(value)
        and folded not in {".", ".."}
        and " " not in folded
    )


def _query(operation: Operation, arguments: JsonObject) -> str:
    pairs: list[str] = []
    for parameter in operation.parameters:
        if parameter.place is Place.QUERY:
            value = arguments.get(parameter.name)
            if value is not None:
                _add_pairs(operation, parameter, value, pairs)
    return f"?{'&'.join(pairs)}" if pairs else ""


def _add_pairs(
    operation: Operation, parameter: Parameter, value: Json, pairs: list[str]
) -> None:
    name = quote(parameter.name, safe="")
    if not isinstance(value, list | tuple):
        pairs.append(f"{name}={_encoded(_text(operation, parameter, value))}")
        return
    items = [_text(operation, parameter, item) for item in value if item is not None]
    if not items:
        return
    if parameter.style is ArrayStyle.REPEAT:
        pairs.extend(f"{name}={_encoded(item)}" for item in items)
        return
    if any("," in item for item in items):
        raise _refuse(
            operation,
            f"No item of {parameter.name!r} may contain a comma.",
            parameter.name,
        )
    pairs.append(f"{name}={_encoded(','.join(items))}")


def _encoded(text: str) -> str:
    return quote(utf8(text), safe="")


def _text(operation: Operation, parameter: Parameter, value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    raise _refuse(
        operation,
        f"The argument {parameter.name!r} must be text, number or boolean.",
        parameter.name,
    )


def _body(operation: Operation, arguments: JsonObject) -> bytes | None:
    names = [p.name for p in operation.parameters if p.place is Place.BODY]
    if not names:
        return None
    # An operation that declares a body gets one even without arguments: the API
    # refuses a missing object, while an empty one means "no filter, no change".
    try:
        return dumps({name: arguments[name] for name in names if name in arguments})
    except (ValueError, TypeError, RecursionError):
        raise _refuse(operation, "The arguments cannot be written as JSON.") from None


def _headers(
    upstream: Upstream, operation: Operation, credential: Credential, has_body: bool
) -> Headers:
    key = credential.secret.reveal()
    if not _HEADER_VALUE.fullmatch(key):
        raise ApiError(
            reason=Reason.KEY_REJECTED,
            message="The API key contains characters that Instantly keys do not have;"
            " nothing was sent. Copy the key again, without spaces or line breaks.",
            operation_id=operation.id,
        )
    values = {
        b"Host": [upstream.authority],
        b"User-Agent": [_USER_AGENT],
        b"Accept": [b"application/json"],
        b"Authorization": [_bearer(key)],
    }
    if has_body:
        values[b"Content-Type"] = [b"application/json"]
    workspace = credential.workspace
    if workspace is not None:
        if not _HEADER_VALUE.fullmatch(workspace):
            raise _refuse(operation, "The x-as-workspace value is not a workspace id.")
        values[b"X-As-Workspace"] = [workspace.encode("ascii")]
    return Headers(values)
