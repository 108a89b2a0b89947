"""The one spelling of an id of Instantly.

Instantly reads a UUID in upper case, too. What this server remembers of an object, and
what an operator says of it, is found by its id, so that each has one spelling only.
"""

from __future__ import annotations

import re

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def plain_id(text: str) -> str:
    """Return a UUID in lower case; any other text is unchanged."""
    return text.lower() if UUID.fullmatch(text) else text
