"""Reads the OpenTelemetry context of a request from ``params._meta``.

The keys ``traceparent``, ``tracestate`` and ``baggage`` are the only reserved keys of
``_meta`` without a prefix. Malformed values are ignored, as the W3C Trace Context and
Baggage formats require. HTTP headers of these names are not read.
"""

from __future__ import annotations

import re

from attrs import frozen

from ..._json_codec import Json

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_MEMBER = re.compile(
    r"[a-z0-9][-a-z0-9_*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}"
)
MAX_BAGGAGE_CHARS = 8192


@frozen(kw_only=True)
class Trace:
    """The caller's trace context.

    :param traceparent: version, trace id, span id and flags (W3C Trace Context).
    """

    traceparent: str
    tracestate: str | None = None
    baggage: str | None = None

    @property
    def trace_id(self) -> str:
        """The trace id, 32 hexadecimal digits, which all services of a trace log."""
        return self.traceparent[3:35]


def trace_of(meta: Json) -> Trace | None:
    """Return the trace context in a request's ``_meta``, if it is valid."""
    if not isinstance(meta, dict):
        return None
    parent = meta.get("traceparent")
    if not isinstance(parent, str) or not _TRACEPARENT.fullmatch(parent):
        return None
    state, baggage = meta.get("tracestate"), meta.get("baggage")
    return Trace(
        traceparent=parent,
        tracestate=state if _is_tracestate(state) else None,
        baggage=baggage if _is_baggage(baggage) else None,
    )


def _is_tracestate(value: Json) -> bool:
    if not isinstance(value, str) or len(value) > 512:
        return False
    members = [member.strip() for member in value.split(",")]
    return len(members) <= 32 and all(_MEMBER.fullmatch(m) for m in members if m)


def _is_baggage(value: Json) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= MAX_BAGGAGE_CHARS
        and value.isascii()
        and value.isprintable()
        and "=" in value
    )
