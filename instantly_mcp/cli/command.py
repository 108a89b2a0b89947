"""Parses the command line, runs the subcommand, and reports errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from twisted.python import usage

from ..daemon.settings.errors import EX_CONFIG, ConfigurationError, report
from .imported import Imported
from .interfaces import Subcommand, Subcommands
from .options import CommandOptions, require_known

EX_USAGE = 64

EX_INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells report it: 128 and the number of SIGINT."""

_COMMANDS = (
    ("run", "run.RunOptions", "Serve MCP clients."),
    ("stdio", "stdio.StdioOptions", "Serve one client on standard input and output."),
    (
        "check",
        "check.CheckOptions",
        "Show all settings; say if the daemon would start.",
    ),
    (
        "init",
        "installation.options.InitOptions",
        "Write the settings and units of a daemon.",
    ),
    (
        "sandbox",
        "sandbox.serve.SandboxOptions",
        "Serve the simulated API alone; test an agent.",
    ),
    ("wait", "wait.WaitOptions", "Wait until a server is ready."),
    ("tools", "tools.ToolsOptions", "List the tools."),
    ("snippet", "snippet.SnippetOptions", "Print the configuration of a client."),
    ("bundle", "bundle.BundleOptions", "Write the extension for Claude Desktop."),
    (
        "token",
        "administration.token.TokenOptions",
        "Issue, list and revoke connection tokens.",
    ),
    (
        "workspace",
        "administration.workspaces.WorkspaceOptions",
        "Name the workspaces that tokens reach.",
    ),
    (
        "approver",
        "administration.approvers.ApproverOptions",
        "Name the people who may approve calls.",
    ),
    (
        "approvals",
        "administration.approvals.ApprovalsOptions",
        "Show calls that wait, and decide.",
    ),
    ("sending", "administration.sending.SendingOptions", "Switch sending off and on."),
    (
        "audit",
        "administration.audit.AuditOptions",
        "Show what was done; verify the audit file.",
    ),
    (
        "eval",
        "evaluation.EvalOptions",
        "Test a model with cases that the sandbox judges.",
    ),
    (
        "completion",
        "completion.options.CompletionOptions",
        "Print the completion script of a shell.",
    ),
)
"""Name, class of the options below this package, and description of each command."""

SUBCOMMANDS: Subcommands = tuple(
    (name, None, Imported(path), about) for name, path, about in _COMMANDS
)


COMMAND_TO_TRY = "To try it without an Instantly key: instantly-mcp run --sandbox"


class CommandLine(CommandOptions):
    """An on-prem MCP server for the Instantly.ai cold-email API."""

    synopsis = f"instantly-mcp [{' | '.join(row[0] for row in SUBCOMMANDS)}] [options]"
    longdesc = (
        "instantly-mcp COMMAND --help shows the options of a command. Options without "
        "a command are options of run."
    )
    subCommands = SUBCOMMANDS

    def getUsage(self, width: int | None = None) -> str:
        """Return the help, followed by a command to try."""
        text = super().getUsage(width).rstrip()
        return f"{text}\n\n{COMMAND_TO_TRY}\n"


def run_command(arguments: Sequence[str]) -> int:
    """Run a command line; return the exit status.

    :raises SystemExit: with 0, after ``--help`` and ``--version``.
    """
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the pipe (head, less) has exited. Python would report the error
        # again when it closes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        # Ctrl-C at the question for a secret, or before the reactor handles signals.
        return EX_INTERRUPTED


def _run(arguments: Sequence[str]) -> int:
    line = CommandLine()
    try:
        line.parseOptions(with_default(arguments))
        subcommand: Subcommand = line.subOptions
        return subcommand.run()
    except usage.UsageError as error:
        inner = getattr(getattr(line, "subOptions", None), "subCommand", None)
        words = filter(None, ("instantly-mcp", line.subCommand, inner, "--help"))
        report([f"{error} (see {' '.join(words)})"], sys.stderr)
        return EX_USAGE
    except ConfigurationError as error:
        report(error.lines, sys.stderr)
        return EX_CONFIG


def with_default(arguments: Sequence[str]) -> Sequence[str]:
    """Add the implied command: ``run`` before options, ``--help`` to an empty line.

    :raises usage.UsageError: for an unknown command.
    """
    first = arguments[0] if arguments else "help"
    if first == "help":
        rest = arguments[1:]
        return with_default([*rest, "--help"]) if rest else ["--help"]
    if first.startswith("-"):
        asks = first in {"-h", "--help", "--version"}
        return list(arguments) if asks else ["run", *arguments]
    require_known(first, [row[0] for row in SUBCOMMANDS])
    return list(arguments)
