"""What a page needs to know of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from ...pipeline.media import JSON, preferred

_HTML = "text/html"


@frozen(kw_only=True)
class PageRequest:
    """A request for a page.

    :param accept: the Accept header.
    :param query: the parameters of the query.
    :param known: the visitor may see more than name, status and version.
    :param operator: the visitor presented the server secret, or is a program on this
        machine that did not come through a proxy.
    :param principal: see `Visitor`.
    """

    accept: str = ""
    query: Mapping[str, Sequence[str]] = field(factory=dict, repr=False)
    known: bool = True
    operator: bool = False
    principal: str | None = None

    @property
    def sees_clients(self) -> bool:
        """Whether the visitor may learn of a client: its own, or as the operator."""
        return self.known or self.operator

    @property
    def wants_json(self) -> bool:
        """Whether JSON is preferred: also by curl, which accepts everything."""
        return preferred(self.accept, (JSON, _HTML)) == JSON

    @property
    def prefers_json(self) -> bool:
        """Whether JSON is asked for by name."""
        return preferred(self.accept, (_HTML, JSON)) == JSON

    def first(self, name: str) -> str:
        """Return the first value of a parameter, empty if there is none."""
        return next(iter(self.query.get(name, ())), "")
