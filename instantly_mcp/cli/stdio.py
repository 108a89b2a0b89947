"""``instantly-mcp stdio``: MCP on standard input and output, for one client.

With ``--url`` it relays between the client and a daemon. Without, it is a server of its
own, with the sandbox or with an Instantly key.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import evolve
from twisted.python import usage

from ..clients.address import TOKEN_VARIABLE
from ..daemon.settings.loading import examine_process, token_of_process
from ..daemon.settings.setting import Setting
from ..daemon.settings.sources.options import SomeSettingOptions, offer
from ..daemon.settings.table import BY_NAME, SETTINGS
from ..daemon.stdio.bridged import Remote, serve_bridge
from .options import FILE, CommandOptions

OF_LOG = frozenset({"log_level", "log_format", "log_file", "config"})
"""Settings of both modes."""

NARROWING: Mapping[str, str] = {
    "access": "X-MCP-Access",
    "toolsets": "X-MCP-Toolsets",
    "workspace": "X-MCP-Workspace",
    "as-workspace": "X-As-Workspace",
}
"""Options, and the headers in which a bridge passes them on to the daemon."""

HTTP_ONLY = frozenset(
    {
        *("listen", "server_secret_file", "no_auth"),
        *("allow_origin", "public_url", "documentation_url"),
        *("trusted_proxy", "rate_limit", "max_body"),
        *("max_connections", "max_sessions", "session_idle"),
        *("session_policy", "anonymous", "key_in_query"),
        *("key_in_session_id", "key_in_session", "discovery_documents"),
        *("tokens_only", "admin_listen", "admin_url"),
        *("port", "port_retries", "ready_file"),
        *("metrics_listen", "log_clients", "audit_file"),
        *("seal_key_file",),
    }
)
"""Settings that mean nothing for one client on a pipe, or that several processes cannot
share. In the environment and in a file they are ignored."""


class StdioOptions(CommandOptions, SomeSettingOptions):
    """The options of both modes."""

    synopsis = "instantly-mcp stdio {--url URL | --sandbox | --api-key-file FILE}"
    longdesc = (
        "With --url it relays to a daemon, with the access token of --token-file or of "
        f"the environment variable {TOKEN_VARIABLE}. Otherwise it is a server of its "
        "own: with --sandbox nothing leaves this machine; with a key, in a file or in "
        "INSTANTLY_API_KEY, it uses your Instantly workspace."
    )
    examples = (
        "instantly-mcp stdio --sandbox",
        "instantly-mcp stdio --api-key-file instantly.key --access draft",
        "instantly-mcp stdio --url https://mcp.example.com/mcp --token-file token",
    )
    takes = {"token-file": FILE, "ca-file": FILE}
    optFlags = [
        ["allow-http", None, "Send the token in plain HTTP to another computer."],
    ]
    optParameters = [
        ["url", None, None, "URL of a daemon's MCP endpoint, to which to connect."],
        ["token-file", None, None, "File with the access token for --url."],
        ["ca-file", None, None, "Certificates (PEM) to trust for --url."],
        ["workspace", None, None, "With --url: the workspace to work in, by its name."],
        ["as-workspace", None, None, "Workspace id, for the key of an admin."],
    ]

    def postOptions(self) -> None:
        """Check that the options belong to one mode."""
        given = set(self.given()) - OF_LOG
        if self["url"] is not None:
            foreign = sorted(given - NARROWING.keys())
            if foreign:
                option = foreign[0].replace("_", "-")
                raise usage.UsageError(
                    f"--{option} and --url exclude each other: it is for a server of "
                    "its own, not for a connection to a daemon"
                )
            return
        for name in ("token-file", "ca-file", "workspace", "allow-http"):
            if self[name]:
                raise usage.UsageError(f"--{name} needs --url")

    def run(self) -> int:
        """Serve the client until it leaves; return the exit status."""
        from twisted.internet import reactor

        if self["url"] is None:
            # Only here, because a bridge needs nothing of a server of its own.
            from ..daemon.stdio.own_server import serve_directly

            settings, errors = examine_process(self.given())
            return serve_directly(reactor, settings, errors, self["as-workspace"])
        of_log = {name: given for name, given in self.given().items() if name in OF_LOG}
        settings, errors = examine_process(of_log)
        return serve_bridge(reactor, settings, errors, self.remote())

    def remote(self) -> Remote:
        """Return the daemon to connect to."""
        return Remote(
            url=self["url"],
            token=token_of_process(),
            token_file=self._path("token-file"),
            ca_file=self._path("ca-file"),
            allow_http=bool(self["allow-http"]),
            headers={
                header: self[option]
                for option, header in NARROWING.items()
                if self[option] is not None
            },
        )

    def _path(self, option: str) -> Path | None:
        return None if self[option] is None else Path(self[option])


_HERE: Mapping[str, Setting] = {
    "api_key_file": evolve(
        BY_NAME["api_key_file"],
        help="File with your Instantly key.",
    ),
    "log_file": evolve(BY_NAME["log_file"], help="Log file."),
    "log_level": evolve(BY_NAME["log_level"], default="warn"),
}
"""Settings whose help differs for this command."""

offer(
    StdioOptions,
    [_HERE.get(each.name, each) for each in SETTINGS if each.name not in HTTP_ONLY],
)
