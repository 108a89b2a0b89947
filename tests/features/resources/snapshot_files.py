"""One JSON file with the lists of resources, templates and prompts.

After an intended change, rewrite it and review the difference::

    python -m tests.features.resources.snapshot_files
"""

from __future__ import annotations

import json
from pathlib import Path

from twisted.internet.task import Clock

from instantly_mcp.features.build import build_features
from instantly_mcp.features.toolsets import ToolSelection
from instantly_mcp.features.workspace.context import ServerFacts
from tests.support.access import permissive_guard
from tests.support.instantly import RecordingInstantly
from tests.support.seals import new_seal

FILE = Path(__file__).parent / "snapshots" / "lists.json"


def text() -> str:
    """Return the text that the snapshot must have."""
    features = build_features(
        RecordingInstantly(),
        Clock(),
        ServerFacts(name="instantly-mcp", version="1.2.3"),
        ToolSelection.parse("default"),
        guard=permissive_guard(),
        seal=new_seal(),
    )
    listed = {
        "resources": [each.as_object(True) for each in features.resources.resources()],
        "templates": [each.as_object(True) for each in features.resources.templates()],
        "prompts": [each.as_object(True) for each in features.prompts.listed()],
    }
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
