"""URI templates for MCP resources: expressions ``{name}`` and ``{?name,other}``.

Libraries for RFC 6570 expand templates; a server mainly needs the reverse, the values
in a URI that a client sends. So this supports two of the RFC's forms, which are
unambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlencode

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXPRESSION = re.compile(r"\{([^{}]*)\}")


class UriTemplate:
    """A template that is matched against URIs, without ambiguity and in linear time.

    :raises ValueError: for an expression that is neither ``{name}`` nor a trailing
        ``{?name,…}``, a repeated name, or two expressions in one path segment.
    """

    def __init__(self, template: str) -> None:
        self.template = template
        self._path, self._query_names = _split_query(template)
        segments = self._path.split("/")
        in_path = [name for segment in segments for name in _names_in(segment)]
        self.names = (*in_path, *self._query_names)
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"unsupported expression {name!r} in {template}")
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"a name is used twice in {template}")
        self._pattern = re.compile("/".join(map(_pattern, segments)))

    def match(self, uri: str) -> Mapping[str, str] | None:
        """Return the values, percent-decoded, or ``None`` if the URI does not match.

        A path value never contains ``/``, ``?`` or ``#``. A URI with an unknown or
        repeated query name does not match.
        """
        path, mark, query = uri.partition("?")
        found = self._pattern.fullmatch(path)
        if found is None or "#" in query or (mark and not self._query_names):
            return None
        try:
            values = {name: _decoded(text) for name, text in found.groupdict().items()}
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            return None
        for name, value in pairs:
            if name not in self._query_names or name in values:
                return None
            values[name] = value
        return values

    def expand(self, values: Mapping[str, str]) -> str:
        """Return the URI with these values, in its normal form."""
        path = _EXPRESSION.sub(lambda name: quote(values[name[1]], safe=""), self._path)
        pairs = [(name, values[name]) for name in self._query_names if name in values]
        query = urlencode(pairs, safe="", quote_via=quote)
        return f"{path}?{query}" if query else path


def _decoded(text: str) -> str:
    return unquote(text, errors="strict")


def _split_query(template: str) -> tuple[str, tuple[str, ...]]:
    found = re.search(r"\{\?([^{}]*)\}$", template)
    if found is None:
        return template, ()
    return template[: found.start()], tuple(found.group(1).split(","))


def _names_in(segment: str) -> Sequence[str]:
    """Return the name in a path segment, if it has one.

    :raises ValueError: for a second name, because the border between the two values
        would be ambiguous, and for characters that a path cannot contain.
    """
    names: list[str] = _EXPRESSION.findall(segment)
    literal = _EXPRESSION.sub("", segment)
    if len(names) > 1 or any(mark in literal for mark in "{}?#"):
        raise ValueError(f"unsupported segment {segment!r} in a URI template")
    return names


def _pattern(segment: str) -> str:
    found = _EXPRESSION.search(segment)
    if found is None:
        return re.escape(segment)
    before, after = segment[: found.start()], segment[found.end() :]
    return f"{re.escape(before)}(?P<{found.group(1)}>[^/?#]+){re.escape(after)}"
