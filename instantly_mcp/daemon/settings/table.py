"""The table of settings: name, parser, default and help of each.

Options, environment variables, TOML keys, ``instantly-mcp check`` and the table in
the operations manual are generated from it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...features.toolsets import TOOLSETS
from ...features.workspace.preflight.check import CAN_BE_WARNINGS
from . import parsers
from .access_settings import ACCESS_SETTINGS
from .endpoints import loopback_endpoint
from .setting import Setting

DEFAULT_LISTEN = loopback_endpoint(3000)
DEFAULT_UPSTREAM = "https://api.instantly.ai"
SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="listen",
        parse=parsers.text,
        default=(DEFAULT_LISTEN,),
        default_text=f"{DEFAULT_LISTEN} and the same port on ::1",
        repeatable=True,
        help="Twisted endpoint to listen on.",
    ),
    Setting(
        name="sandbox",
        parse=parsers.switch,
        default=False,
        flag=True,
        help="Use an embedded simulation of Instantly; nothing leaves the machine.",
    ),
    Setting(
        name="sandbox_seed",
        parse=parsers.whole_number(0, 2**31 - 1),
        default=1,
        help="Seed of the simulated workspaces: the same seed gives the same data.",
    ),
    Setting(
        name="sandbox_start",
        parse=parsers.start,
        default=None,
        default_text="today",
        help="Date (9:00 UTC) or time at which the simulation begins.",
    ),
    Setting(
        name="sandbox_scenario",
        parse=parsers.path,
        default=None,
        default_text="none",
        help="TOML file with seed, start, faults and hostile content; see sandbox.md.",
    ),
    Setting(
        name="hostile_content",
        parse=parsers.switch,
        default=False,
        flag=True,
        help="Put prompt injections and hidden text into the simulated workspaces.",
    ),
    Setting(
        name="upstream",
        parse=parsers.upstream,
        default=DEFAULT_UPSTREAM,
        help="Base URL of the Instantly API.",
    ),
    Setting(
        name="api_key_file",
        parse=parsers.path,
        default_text="INSTANTLY_API_KEY, else none",
        help="File with the operator's Instantly key, for callers that send none.",
    ),
    Setting(
        name="server_secret_file",
        parse=parsers.path,
        default_text="MCP_AUTH_SECRET_KEY, else none",
        help="File with the server secret, which every caller must present.",
    ),
    Setting(
        name="no_auth",
        parse=parsers.switch,
        default=False,
        flag=True,
        help="Do not ask callers for the server secret; for loopback only.",
    ),
    Setting(
        name="allow_origin",
        parse=parsers.origin,
        default=(),
        repeatable=True,
        help="Origin whose web pages may call, besides this host and loopback.",
    ),
    Setting(
        name="public_url",
        parse=parsers.public_url,
        help="URL under which clients reach the daemon.",
    ),
    Setting(
        name="documentation_url",
        parse=parsers.web_page,
        help="Your documentation for users; GET / and /info link to it.",
    ),
    Setting(
        name="trusted_proxy",
        parse=parsers.proxy,
        default=(),
        repeatable=True,
        help="Proxy whose X-Forwarded-For is used: an address, a CIDR block, or unix.",
    ),
    Setting(
        name="rate_limit",
        parse=parsers.whole_number(0, 1_000_000),
        default=100,
        help="Messages per minute and caller (a batch of 9 counts 9); 0 for no limit.",
    ),
    Setting(
        name="max_body",
        parse=parsers.size,
        default=10 << 20,
        default_text="10MiB",
        help="Maximum size of a request body.",
    ),
    Setting(
        name="max_connections",
        parse=parsers.whole_number(1, 1_000_000),
        default=1000,
        help="Maximum number of connections; at the limit an idle one is closed.",
    ),
    Setting(
        name="max_sessions",
        parse=parsers.whole_number(1, 1_000_000),
        default=10_000,
        help="Maximum number of sessions; at the limit the longest-idle one ends.",
    ),
    Setting(
        name="session_idle",
        parse=parsers.seconds,
        default=1800.0,
        default_text="30m",
        help="A session without requests for this time ends.",
    ),
    Setting(
        name="session_policy",
        parse=parsers.one_of("lenient", "strict"),
        default="lenient",
        help="Requests with an unknown session: lenient serves them, strict refuses.",
    ),
    Setting(
        name="anonymous",
        parse=parsers.one_of("discovery", "none"),
        default="discovery",
        help="What callers without a key may do: handshakes and lists, or nothing.",
    ),
    Setting(
        name="key_in_query",
        parse=parsers.switch,
        default=True,
        help="false refuses an Instantly key in the query of the URL.",
    ),
    Setting(
        name="key_in_session_id",
        parse=parsers.switch,
        default=True,
        help="false refuses an Instantly key as the sessionId of POST /messages.",
    ),
    Setting(
        name="key_in_session",
        parse=parsers.switch,
        default=False,
        help="true accepts a session id on /mcp in place of the key that opened it.",
    ),
    Setting(
        name="discovery_documents",
        parse=parsers.switch,
        default=False,
        help=(
            "true serves OAuth discovery documents although there is no OAuth; some "
            "clients then start a login that cannot succeed."
        ),
    ),
    Setting(
        name="toolsets",
        parse=parsers.names,
        default=("default",),
        default_text="default",
        words=("default", "all", *TOOLSETS),
        help=f"Toolsets to list: default, all, or some of {', '.join(TOOLSETS)}.",
    ),
    *ACCESS_SETTINGS,
    Setting(
        name="preflight_warn_only",
        parse=parsers.one_of(*CAN_BE_WARNINGS),
        default=(),
        default_text="none",
        repeatable=True,
        help=(
            "Check before a campaign's start that only warns when it fails: "
            + ", ".join(CAN_BE_WARNINGS)
            + "."
        ),
    ),
    Setting(
        name="state_dir",
        parse=parsers.path,
        default_text="STATE_DIRECTORY, else ~/.local/state/instantly-mcp",
        help="Folder for the database and the keys of sealed tokens; one daemon each.",
    ),
    Setting(
        name="audit_file",
        parse=parsers.path,
        default_text="audit.jsonl in the state directory",
        help="File with one line for each write, which a chain of HMACs protects.",
    ),
    Setting(
        name="seal_key_file",
        parse=parsers.path,
        default_text="seal.keys in the state directory",
        help="File with Fernet keys, newest first; several instances can share it.",
    ),
    Setting(
        name="port",
        parse=parsers.whole_number(0, 65535),
        default_text="3000",
        help="TCP port on 127.0.0.1 and ::1, instead of listen; 0 for any free port.",
    ),
    Setting(
        name="port_retries",
        parse=parsers.whole_number(0, 1000),
        default=0,
        help="If the port is in use, how many of the following ports to try.",
    ),
    Setting(
        name="ready_file",
        parse=parsers.path,
        help="JSON file written once the daemon listens: pid, urls, mode, version.",
    ),
    Setting(
        name="metrics_listen",
        parse=parsers.text,
        default=(),
        repeatable=True,
        help="Twisted endpoint that serves GET /metrics, separate from the MCP port.",
    ),
    Setting(
        name="log_format",
        parse=parsers.one_of("text", "json"),
        default="text",
        help="Format of the log: text or json.",
    ),
    Setting(
        name="log_level",
        parse=parsers.one_of("debug", "info", "warn", "error"),
        default="info",
        help="Lowest level that is logged: debug, info, warn or error.",
    ),
    Setting(
        name="log_file",
        parse=parsers.path,
        default_text="standard error",
        help="Log file; opened again on SIGHUP and SIGUSR1.",
    ),
    Setting(
        name="log_clients",
        parse=parsers.switch,
        default=False,
        flag=True,
        help="Log the address of each caller.",
    ),
    Setting(
        name="config",
        parse=parsers.path,
        default_text="none",
        help="TOML file with any of these settings.",
    ),
)

BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}

TABLES: Mapping[str, Mapping[str, Setting]] = {
    table: {
        each.name.removeprefix(f"{table}_"): each
        for each in SETTINGS
        if each.table == table
    }
    for table in dict.fromkeys(filter(None, (each.table for each in SETTINGS)))
}
"""The tables of the TOML file: by name, their settings by key."""
