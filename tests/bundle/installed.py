"""Installs the bundle as Claude Desktop does: unpacks it and fills in its values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from attrs import field, frozen

from instantly_mcp._json_codec import Json
from instantly_mcp.bundle.archive import bundle
from tests.clients.programs import BIN, NODE
from tests.support.programs import Needed, command

MCPB = BIN / "mcpb"

NODE_NEEDED = Needed(
    name="Node",
    find=lambda: str(NODE) if NODE.exists() else None,
    install="make clients",
)
SYSTEM_NODE = command("node", "nodejs")
"""An older Node than that of npm: Debian 12 has 18."""

PACKER = Needed(
    name="the packer of bundles",
    find=lambda: str(MCPB) if MCPB.exists() else None,
    install="make clients",
)


@frozen(kw_only=True)
class Installed:
    """The program of the bundle, and how it is started."""

    command: str
    args: list[str]
    env: dict[str, str] = field(repr=False)

    @property
    def plan(self) -> Mapping[str, Json]:
        """The parameters of the SDKs' clients for standard streams."""
        return {"command": self.command, "args": self.args, "env": self.env}


def install(
    folder: Path,
    values: Mapping[str, str],
    url: str | None = None,
    node: Path | str = NODE,
) -> Installed:
    """Install the bundle into a folder.

    :param values: what the user enters.
    :param url: the address in the bundle.
    :param node: stands for ``node`` in the manifest.
    """
    with ZipFile(BytesIO(bundle(url))) as archive:
        archive.extractall(folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    filled = {
        name: str(described["default"]).lower()
        if isinstance(described["default"], bool)
        else described["default"]
        for name, described in manifest["user_config"].items()
        if "default" in described
    }
    variables = {
        "__dirname": str(folder),
        **{f"user_config.{name}": text for name, text in {**filled, **values}.items()},
    }

    def substituted(text: str) -> str:
        for name, value in variables.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    started = manifest["server"]["mcp_config"]
    return Installed(
        command=str(node) if started["command"] == "node" else started["command"],
        args=[substituted(word) for word in started["args"]],
        env={name: substituted(value) for name, value in started["env"].items()},
    )
