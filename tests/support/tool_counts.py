"""How many tools the server lists: change the number here when you add a tool."""

from __future__ import annotations

DEFAULT_TOOLS = 40
"""The tools of the default selection, without the extra ones of ``--toolsets all``."""
