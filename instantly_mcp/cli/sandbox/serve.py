"""``instantly-mcp sandbox``: serves the simulated Instantly API alone, over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ...daemon.sandbox.server import build_sandbox_server
from ...daemon.settings.endpoints import loopback_endpoint
from ...daemon.settings.errors import ConfigurationError
from ...daemon.settings.loading import resolve
from ...daemon.settings.settings import Settings
from ...daemon.settings.sources.options import GivenOptions
from ...daemon.settings.table import BY_NAME
from ..foreground import serve
from ..interfaces import Subcommand, Subcommands
from ..options import FILE, CommandOptions, OptionValues, require_known
from .asserting import AssertOptions, ExportOptions
from .changing import (
    AdvanceOptions,
    ResetOptions,
    RestoreOptions,
    SnapshotOptions,
)
from .verifying import VerifyOptions

DEFAULT_PORT = "3001"


_GIVEN = {
    "seed": "sandbox_seed",
    "start": "sandbox_start",
    "scenario": "sandbox_scenario",
    "ready-file": "ready_file",
}
"""The settings of the daemon that the options stand for."""


class SandboxOptions(CommandOptions):
    """The options of the sandbox server, and the commands for one that runs."""

    synopsis = "instantly-mcp sandbox [COMMAND] [options]"
    examples = ("instantly-mcp sandbox --port 0 --ready-file ready.json --seed 42",)
    takes = {
        "ready-file": FILE,
        "scenario": FILE,
        "start": OptionValues(("today",)),
    }
    longdesc = "Without a command, serves the simulated API until a signal stops it."
    optFlags = [
        ["hostile-content", None, "Prompt injections and hidden text in all objects."]
    ]
    optParameters = [
        ["port", None, DEFAULT_PORT, "TCP port on 127.0.0.1; 0 for a free port."],
        ["seed", None, None, "Seed of the simulated workspaces [default: 1]."],
        [
            *("start", None, None),
            "Date (9:00 UTC) or time at which it begins [default: today].",
        ],
        [
            "scenario",
            None,
            None,
            "TOML file with seed, start and faults; see docs/sandbox.md.",
        ],
        ["ready-file", None, None, "JSON file written once the server listens."],
    ]
    subCommands: Subcommands = (
        ("assert", None, AssertOptions, "Check what an agent did in a workspace."),
        ("export", None, ExportOptions, "Write the calls to a HAR or JSON file."),
        ("reset", None, ResetOptions, "Return a workspace to its beginning."),
        ("advance", None, AdvanceOptions, "Let time pass in a workspace."),
        ("snapshot", None, SnapshotOptions, "Keep the state of a workspace."),
        ("restore", None, RestoreOptions, "Return a workspace to a kept state."),
        ("verify", None, VerifyOptions, "Compare with Instantly's OpenAPI document."),
    )

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the words after ``sandbox``.

        :raises usage.UsageError: for an unknown command.
        """
        first = options[0] if options else ""
        if first and not first.startswith("-"):
            names = [row[0] for row in self.subCommands]
            require_known(first, names, "command of sandbox")
        super().parseOptions(options)

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
                if self[name] is not None:
                    parse(self[name])
            except ValueError as error:
                errors.append(f"IMCP-SETTING {name} (--{name}) {error}")
        if errors:
            raise ConfigurationError(*errors)

    def run(self) -> int:
        """Run the command, or serve until a signal; return the exit status."""
        if self.subCommand is not None:
            command: Subcommand = self.subOptions
            return command.run()
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
        given: GivenOptions = {
            "sandbox": "true",
            "hostile_content": "true" if self["hostile-content"] else "false",
            "listen": [loopback_endpoint(self["port"])],
            **{
                setting: self[option]
                for option, setting in _GIVEN.items()
                if self[option] is not None
            },
        }
        return resolve(given, {})
