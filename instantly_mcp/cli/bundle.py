"""``instantly-mcp bundle``: writes the extension for Claude Desktop."""

from __future__ import annotations

from pathlib import Path

from twisted.python import usage

from ..bundle.archive import FILE_NAME, bundle
from ..daemon.settings.parsers import endpoint
from .options import FILE, CommandOptions


class BundleOptions(CommandOptions):
    """The options of ``bundle``: the file, and the address that it suggests."""

    synopsis = "instantly-mcp bundle [options]"
    longdesc = "With --url, a user who opens the file enters an access token only."
    examples = ("instantly-mcp bundle --url https://mcp.example.com/mcp",)
    takes = {"out": FILE}
    optParameters = [
        ["out", None, FILE_NAME, "The file to write."],
        [
            "url",
            None,
            None,
            "URL of the daemon's MCP endpoint, which Claude Desktop suggests.",
        ],
    ]

    def postOptions(self) -> None:
        """Check the address."""
        if self["url"] is None:
            return
        try:
            self["url"] = endpoint(self["url"])
        except ValueError as error:
            raise usage.UsageError(f"--url {error}") from None

    def run(self) -> int:
        """Write the bundle, and say what to do with it."""
        written = bundle(self["url"])
        try:
            Path(self["out"]).write_bytes(written)
        except OSError as error:
            raise usage.UsageError(f"--out: {error.strerror}") from None
        print(
            f"Wrote {self['out']} ({len(written) // 1024} KiB). Open it with Claude "
            "Desktop: it asks for the "
            + ("access token." if self["url"] else "server address and the token.")
        )
        return 0
