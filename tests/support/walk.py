"""Runs the daemon and records which functions of the package one request enters.

``python -m tests.support.walk FILE run --sandbox …``. Recording begins with the bytes
that contain `FIRST` and ends with those that contain `LAST`; FILE then holds one line
for each function, in the order in which they were first entered: ``module.py name``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from instantly_mcp.cli import main

PACKAGE = str(Path(__file__).parent.parent.parent / "instantly_mcp") + "/"
CHANNEL = f"{PACKAGE}web/http/channel.py"
FIRST, LAST = b"tools/call", b"/end-of-walk"


class Recorder:
    """A profile function."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recording = False
        self.entered: dict[str, None] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """Note the function that is entered."""
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(PACKAGE):
            return
        if code.co_filename == CHANNEL and code.co_name == "dataReceived":
            self._received(frame.f_locals["data"])
        if self.recording:
            name = code.co_filename.removeprefix(PACKAGE)
            self.entered[f"{name} {code.co_name}"] = None

    def _received(self, data: bytes) -> None:
        if FIRST in data:
            self.recording = True
        elif LAST in data:
            self.recording = False
            self.path.write_text("\n".join(self.entered), encoding="utf-8")


if __name__ == "__main__":
    recorder = Recorder(Path(sys.argv.pop(1)))
    sys.setprofile(recorder)
    main()
