"""The origins of these pages, from the settings and the bound ports.

A browser sends cookies of a host to all of its ports, so an origin is compared with its
port. Under which of several origins a page was requested follows from the Host header,
but only if that names one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from ...pipeline.exchange import Headers
from ...pipeline.origins import Origin, parse_origin


@frozen
class OwnOrigins:
    """The origins under which the pages are served.

    :param texts: returns them, such as ``http://localhost:3100``; they are known once
        the ports are bound.
    """

    texts: Callable[[], Sequence[str]]

    def requested(self, headers: Headers) -> Origin | None:
        """Return the origin under which a page was requested; ``None`` for another."""
        hosts = headers.all("host")
        if len(hosts) != 1:
            return None
        for own in filter(None, map(parse_origin, self.texts())):
            if parse_origin(f"{own.scheme}://{hosts[0]}") == own:
                return own
        return None


def is_sent_from(own: Origin, headers: Headers) -> bool:
    """Say whether a form was sent from a page of this origin.

    Browsers state the origin of each POST. A missing or opaque one ("null") is refused.
    """
    origins = headers.all("origin")
    return len(origins) == 1 and parse_origin(origins[0]) == own
