"""The manifest of the bundle: what Claude Desktop shows, asks for and starts.

Format: https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md, version 0.3.
"""

from __future__ import annotations

from collections.abc import Mapping

from .. import __version__
from .._json_codec import Json, JsonObject

MANIFEST_VERSION = "0.3"
ENTRY_POINT = "server/relay.js"
ICON = "icon.png"

ADDRESS = "server_address"
TOKEN = "access_token"
CA_FILE = "ca_file"
READ_ONLY = "read_only"
PLAIN_HTTP = "allow_plain_http"

ENVIRONMENT: Mapping[str, str] = {
    "INSTANTLY_MCP_URL": ADDRESS,
    "INSTANTLY_TOKEN": TOKEN,
    "INSTANTLY_MCP_CA_FILE": CA_FILE,
    "INSTANTLY_MCP_READ_ONLY": READ_ONLY,
    "INSTANTLY_MCP_ALLOW_HTTP": PLAIN_HTTP,
}
"""For each environment variable of the relay: the field that gives its value.

Nothing is passed as an argument: other users can read command lines, and Windows
splits arguments at blanks.
"""

LONG_DESCRIPTION = """\
Connects Claude Desktop to the Instantly MCP server of your company: campaigns, leads, \
sender accounts, replies and analytics of your Instantly workspace.

You need the address of the server and an access token. Your administrator gives you \
both. The token stays on this computer and is sent to that server only.

If the connection fails, ask Claude to call the tool `connection_problem`: it says \
why, and what to do.
"""


def manifest(url: str | None = None) -> JsonObject:
    """Return the manifest.

    :param url: URL of the daemon's MCP endpoint. It becomes the default of the field
        for the address; without one the user has to enter it.
    """
    return {
        "manifest_version": MANIFEST_VERSION,
        "name": "instantly-mcp",
        "display_name": "Instantly",
        "version": __version__,
        "description": "Your Instantly workspace in Claude, through your company's "
        "own MCP server.",
        "long_description": LONG_DESCRIPTION,
        "author": {"name": "The instantly-mcp developers"},
        "icon": ICON,
        "server": {
            "type": "node",
            "entry_point": ENTRY_POINT,
            "mcp_config": {
                "command": "node",
                "args": [f"${{__dirname}}/{ENTRY_POINT}"],
                "env": {
                    variable: f"${{user_config.{name}}}"
                    for variable, name in ENVIRONMENT.items()
                },
            },
        },
        "tools_generated": True,
        "prompts_generated": True,
        "keywords": ["instantly", "email", "outreach", "campaigns", "leads"],
        "license": "MIT",
        "compatibility": {
            "platforms": ["darwin", "win32", "linux"],
            "runtimes": {"node": ">=18.0.0"},
        },
        "user_config": user_config(url),
    }


def user_config(url: str | None) -> JsonObject:
    """Return the fields that Claude Desktop asks for.

    A field without a value leaves ``${user_config.NAME}`` itself in its environment
    variable, which the relay takes as unset.

    The address is required only if it has no default: the reference code of the format
    counts a required field that the user left at its default as missing, and then does
    not start the extension.
    """
    address: Mapping[str, Json] = {"required": True}
    if url is not None:
        address = {"required": False, "default": url}
    return {
        ADDRESS: {
            "type": "string",
            "title": "Server address",
            "description": "The address of your company's Instantly MCP server, such "
            "as https://mcp.example.com/mcp. Your administrator knows it.",
            **address,
        },
        TOKEN: {
            "type": "string",
            "title": "Access token",
            "description": "The token from your administrator; it begins with imt_. "
            "Leave it empty only if the server asks for none, as the sandbox does.",
            "sensitive": True,
            "required": False,
        },
        READ_ONLY: {
            "type": "boolean",
            "title": "Read only",
            "description": "Offer only tools that change nothing.",
            "required": False,
            "default": False,
        },
        CA_FILE: {
            "type": "file",
            "title": "CA file",
            "description": "Only if the server's certificate is from a private "
            "authority: its certificate, a PEM file. Ask your IT department.",
            "required": False,
        },
        PLAIN_HTTP: {
            "type": "boolean",
            "title": "Send the token without encryption",
            "description": "Allow an address that begins with http:// on another "
            "computer. Others on the network can then read the token.",
            "required": False,
            "default": False,
        },
    }
