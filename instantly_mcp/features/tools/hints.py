"""The tool annotations in use, by name.

Each of the four hints is always stated, because the defaults of the specification are
the most cautious values. MCP 2025-11-25, schema ``ToolAnnotations``.
"""

from __future__ import annotations

from ...protocol.primitives.tool import Annotations

READS = Annotations(read_only=True, destructive=False, idempotent=True, open_world=True)
READS_HERE = Annotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)
ADDS = Annotations(
    read_only=False, destructive=False, idempotent=False, open_world=True
)
CHANGES = Annotations(
    read_only=False, destructive=False, idempotent=True, open_world=True
)
DESTROYS = Annotations(
    read_only=False, destructive=True, idempotent=True, open_world=True
)
DESTROYS_ANEW = Annotations(
    read_only=False, destructive=True, idempotent=False, open_world=True
)
"""Cannot be undone, and has a further effect when repeated: sent mail, moved leads."""
