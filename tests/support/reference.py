"""The folder of third-party documents that some tests compare with.

They are not part of this project, because their licenses do not allow it or because
they are large. Tests that need one skip where it is missing, with a reason that names
the document and how to point to a copy.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER_VARIABLE = "TESTS_REFERENCE_DATA"
"""The environment variable that names the folder of the documents."""

_USUAL = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDER = Path(os.environ.get(FOLDER_VARIABLE) or _USUAL).absolute()

OPENAPI = FOLDER / "instantly-api-v2.openapi.json"
MCP_SCHEMAS = FOLDER / "mcp-schema"

NO_OPENAPI = (
    "Instantly's OpenAPI document is not part of this project; set "
    f"{FOLDER_VARIABLE} to a folder that contains {OPENAPI.name}"
)
NO_MCP_SCHEMAS = (
    "the JSON schemas of MCP are not part of this project; set "
    f"{FOLDER_VARIABLE} to a folder that contains {MCP_SCHEMAS.name}/<revision>.json"
)
