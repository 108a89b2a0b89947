"""URI templates as MCP resources use them: ``{name}`` and ``{?name,other}``.

By hand, because the libraries expand templates (RFC 6570) and the server must do the
opposite: find the values in a URI that a client sends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

_EXPRESSION = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class UriTemplate:
    """A template that can be matched against URIs.

    :raises ValueError: for an expression that is neither ``{name}`` nor a trailing
        ``{?name,…}``.
    """

    def __init__(self, template: str) -> None:
        self.template = template
        path, self._query_names = _split_query(template)
        self._pattern = re.compile(_pattern(path), re.DOTALL)
        self.names = tuple(self._pattern.groupindex) + self._query_names

    def match(self, uri: str) -> Mapping[str, str] | None:
        """Return the values, percent-decoded, or ``None`` if the URI does not fit.

        A path value never spans ``/``, ``?`` or ``#``; an unknown or repeated query
        name does not fit.
        """
        path, mark, query = uri.partition("?")
        found = self._pattern.fullmatch(path)
        if found is None or (mark and not self._query_names):
            return None
        values = {name: unquote(value) for name, value in found.groupdict().items()}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in self._query_names or name in values:
                return None
            values[name] = value
        return values


def _split_query(template: str) -> tuple[str, tuple[str, ...]]:
    found = re.search(r"\{\?[^}]*\}$", template)
    if found is None:
        return template, ()
    names = found.group()[2:-1].split(",")
    return template[: found.start()], tuple(names)


def _pattern(path: str) -> str:
    parts: list[str] = []
    position = 0
    for found in _EXPRESSION.finditer(path):
        parts.append(re.escape(path[position : found.start()]))
        parts.append(f"(?P<{found.group(1)}>[^/?#]+)")
        position = found.end()
    rest = path[position:]
    if "{" in rest or "}" in rest:
        raise ValueError(f"unsupported expression in the URI template {path}")
    parts.append(re.escape(rest))
    return "".join(parts)
