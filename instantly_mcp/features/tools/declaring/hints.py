"""The tool annotations in use, by name.

Each of the four hints is always stated, because the defaults of the specification are
the most cautious values. MCP 2025-11-25, schema ``ToolAnnotations``.
"""

from __future__ import annotations

from ....protocol.primitives.tool import Annotations

READ_ONLY = Annotations(
    read_only=True, destructive=False, idempotent=True, open_world=True
)
READ_ONLY_LOCAL = Annotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)
ADDITIVE = Annotations(
    read_only=False, destructive=False, idempotent=False, open_world=True
)
IDEMPOTENT = Annotations(
    read_only=False, destructive=False, idempotent=True, open_world=True
)
DESTRUCTIVE = Annotations(
    read_only=False, destructive=True, idempotent=True, open_world=True
)
DESTRUCTIVE_NOT_IDEMPOTENT = Annotations(
    read_only=False, destructive=True, idempotent=False, open_world=True
)
"""Cannot be undone, and has a further effect when repeated: sent mail, moved leads."""
