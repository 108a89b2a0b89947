"""``instantly-mcp run``: the daemon in the foreground."""

from __future__ import annotations

import sys

from ..daemon.assembly import build
from ..daemon.settings.loading import examine_process
from ..daemon.settings.sources.options import SettingOptions
from .foreground import serve
from .options import CommandOptions


class RunOptions(CommandOptions, SettingOptions):
    """The options of the daemon."""

    synopsis = "instantly-mcp run [options]"
    examples = (
        "instantly-mcp run --sandbox",
        "instantly-mcp run --api-key-file ~/.instantly.key",
        "instantly-mcp run --config /etc/instantly-mcp/config.toml",
    )

    def run(self) -> int:
        """Serve until a signal stops the daemon; return the exit status."""
        from twisted.internet import reactor

        out = sys.stdout
        return serve(
            reactor,
            *examine_process(self.given()),
            lambda settings, observer, give_up: build(
                settings, reactor, observer, out=out, give_up=give_up
            ),
        )
