"""Recognizes requests that a page of another site made a browser send.

Browsers state the origin of each POST and DELETE, and newer ones whether it is of the
same site as the request. Programs such as curl state neither.
"""

from __future__ import annotations

from ..pipeline.exchange import Headers
from ..pipeline.origins import parse_authority, parse_origin


def is_from_another_site(headers: Headers) -> bool:
    """Say whether a request that changes something was sent by a page of another site.

    Two ports of one host are two sites here: on localhost they are different programs.
    Behind a proxy that changes Host, ``Sec-Fetch-Site`` decides alone.
    """
    claims = headers.all("sec-fetch-site")
    if claims:
        return list(claims) not in (["same-origin"], ["none"])
    origins, hosts = headers.all("origin"), headers.all("host")
    if not origins:
        return False
    if len(origins) > 1 or len(hosts) != 1:
        return True
    origin, host = parse_origin(origins[0]), parse_authority(hosts[0])
    if origin is None or host is None:
        return True
    return origin != parse_origin(f"{origin.scheme}://{hosts[0]}")
