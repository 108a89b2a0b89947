"""``instantly-mcp sandbox``: the simulated Instantly API alone, over HTTP."""

from __future__ import annotations

import sys

from ..daemon.sandbox_server import build_sandbox_server
from ..daemon.settings.endpoints import loopback_endpoint
from ..daemon.settings.errors import ConfigurationError
from ..daemon.settings.loading import resolve
from ..daemon.settings.settings import Settings
from ..daemon.settings.table import BY_NAME
from .foreground import serve
from .options import FILE, CommandOptions, OptionValues

DEFAULT_PORT = "3001"


class SandboxOptions(CommandOptions):
    """The options of the sandbox server."""

    synopsis = "instantly-mcp sandbox [options]"
    examples = ("instantly-mcp sandbox --port 0 --ready-file ready.json --seed 42",)
    takes = {"ready-file": FILE, "start": OptionValues(("today",))}
    optFlags = [
        ["hostile-content", None, "Prompt injections and hidden text in all objects."]
    ]
    optParameters = [
        ["port", None, DEFAULT_PORT, "TCP port on 127.0.0.1; 0 for a free port."],
        ["seed", None, "1", "Seed of the simulated workspaces."],
        ["start", None, "today", "First day of the simulation; it begins at 9:00 UTC."],
        ["ready-file", None, None, "JSON file written once the server listens."],
    ]

    def postOptions(self) -> None:
        """Check the values.

        :raises ConfigurationError: when a value is wrong, with the daemon's message.
        """
        errors = []
        for name, parse in (
            ("port", BY_NAME["port"].parse),
            ("seed", BY_NAME["sandbox_seed"].parse),
            ("start", BY_NAME["sandbox_start"].parse),
        ):
            try:
                parse(self[name])
            except ValueError as error:
                errors.append(f"IMCP-SETTING {name} (--{name}) {error}")
        if errors:
            raise ConfigurationError(*errors)

    def run(self) -> int:
        """Serve until a signal stops the server; return the exit status."""
        from twisted.internet import reactor

        out = sys.stdout
        return serve(
            reactor,
            self.settings(),
            (),
            lambda settings, observer, give_up: build_sandbox_server(
                settings, reactor, out=out, give_up=give_up
            ),
        )

    def settings(self) -> Settings:
        """Return the settings of the daemon that these options stand for."""
        given = {
            "sandbox": "true",
            "sandbox_seed": self["seed"],
            "sandbox_start": self["start"],
            "hostile_content": "true" if self["hostile-content"] else "false",
            "listen": [loopback_endpoint(self["port"])],
        }
        if self["ready-file"]:
            given["ready_file"] = self["ready-file"]
        return resolve(given, {})
