"""``instantly-mcp token``: issue, list, narrow and revoke connection tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from twisted.python import usage

from ..._json_codec import Json
from ...clients.registry import CLIENTS
from ...daemon.control.commands.tokens import AddToken, NamedToken, NarrowToken
from ...daemon.control.dispatch import NoArguments
from ...daemon.settings.parsers import endpoint
from ..interfaces import Subcommands
from ..options import LEVELS, TOOLSETS, CommandGroup, OptionValues
from ..snippet import DEFAULT_URL
from .columns import in_columns
from .handout import EVERY, clients_named, handout
from .one_word import OneWordOptions
from .options import AdminOptions
from .token_rotation import TokenRotateOptions

_SNIPPETS = (EVERY, *CLIENTS)

MAX_ALIASES_SHOWN = 3
"""With more, a line of the list does not fit a terminal; ``--json`` has them all."""


class TokenAddOptions(AdminOptions):
    """The options of ``token add``."""

    command = "token.add"
    synopsis = "instantly-mcp token add --name NAME [options]"
    examples = (
        'instantly-mcp token add --name "Anna, laptop" --access draft --expires 90d',
        "instantly-mcp token add --name Ben --workspace acme --workspace birch",
        "instantly-mcp token add --name Cai --snippet claude-code,cursor",
    )
    takes = {
        "access": LEVELS,
        "toolsets": TOOLSETS,
        "snippet": OptionValues(_SNIPPETS),
    }
    longdesc = (
        "Issues a connection token and prints it once: only its digest is stored. "
        "Clients send it in place of an Instantly key."
    )
    optParameters = [
        ["name", None, None, "Your name for it, such as that of a person."],
        ["access", None, "full", "read-only, draft or full."],
        [
            "toolsets",
            None,
            None,
            f"Comma-separated: {', '.join(TOOLSETS.words)}; default: the daemon's.",
        ],
        ["expires", None, None, "A span such as 90d, or the last day; default: never."],
        [
            "snippet",
            None,
            None,
            f"Also print the configuration of these clients: {', '.join(_SNIPPETS)}.",
        ],
        ["url", None, None, "URL of the MCP endpoint for --snippet."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self._workspaces: list[str] = []
        self._caps: dict[str, int] = {}

    def opt_workspace(self, alias: str) -> None:
        """Alias of a workspace that it may use; default: the operator's key. [repeatable]"""  # noqa: E501
        self._workspaces.append(alias)

    def opt_cap(self, text: str) -> None:
        """A limit for 24 hours, such as mails=20. [repeatable]"""
        name, _, number = text.partition("=")
        if not number.isascii() or not number.isdigit():
            raise usage.UsageError("--cap is a name and a number, such as mails=20")
        self._caps[name] = int(number)

    def postOptions(self) -> None:
        """Require a name, and clients that exist."""
        if not self["name"]:
            raise usage.UsageError("--name is missing")
        self.clients = clients_named(self["snippet"])
        if self["url"] is not None:
            try:
                self["url"] = endpoint(self["url"])
            except ValueError as error:
                raise usage.UsageError(f"--url {error}") from None

    def request(self) -> AddToken:
        return AddToken(
            name=self["name"],
            access=self["access"],
            workspaces=tuple(self._workspaces),
            toolsets=_names(self["toolsets"]),
            expires=self["expires"],
            caps=self._caps,
        )

    def shown(self, value: Json) -> Iterable[str]:
        yield value["token"]
        yield f"This is {value['id']} ({value['name']}). It is not shown again."
        if self.clients:
            public = None if self.public_url is None else f"{self.public_url}/mcp"
            url = self["url"] or public or DEFAULT_URL
            yield from handout(value["name"], url, self.clients)


class TokenListOptions(AdminOptions):
    """The options of ``token list``."""

    command = "token.list"
    reads = True
    synopsis = "instantly-mcp token list [options]"
    examples = ("instantly-mcp token list --config /etc/instantly-mcp/config.toml",)
    longdesc = "Lists all tokens, with their last use, but not the tokens themselves."

    def request(self) -> NoArguments:
        return NoArguments()

    def shown(self, value: Json) -> Iterable[str]:
        headings = ("id", "name", "access", "toolsets", "workspaces", "state")
        times = ("expires", "last used")
        return in_columns((*headings, *times), [_row(token) for token in value])


class TokenNamedOptions(OneWordOptions):
    """Base class for the options of a command on one token."""

    word = "the token's id or its name, as instantly-mcp token list shows them"


class TokenRevokeOptions(TokenNamedOptions):
    """The options of ``token revoke``."""

    command = "token.revoke"
    synopsis = "instantly-mcp token revoke [options] ID"
    examples = ('instantly-mcp token revoke "Anna, laptop"',)
    longdesc = (
        "Revokes a token: from now on it is refused, and its streams are closed. This "
        "cannot be undone."
    )

    def request(self) -> NamedToken:
        return NamedToken(token=self.given)

    def shown(self, value: Json) -> Iterable[str]:
        yield f"{value['id']} ({value['name']}) is revoked."


class TokenNarrowOptions(TokenNamedOptions):
    """The options of ``token narrow``."""

    command = "token.narrow"
    synopsis = "instantly-mcp token narrow [options] ID"
    examples = ("instantly-mcp token narrow Ben --access read-only",)
    takes = {"access": OptionValues(("read-only", "draft")), "toolsets": TOOLSETS}
    longdesc = "Limits a token further, from its next message on."
    optParameters = [
        ["access", None, None, "read-only or draft."],
        ["toolsets", None, None, f"Comma-separated: {', '.join(TOOLSETS.words)}."],
    ]

    def request(self) -> NarrowToken:
        return NarrowToken(
            token=self.given,
            access=self["access"],
            toolsets=_names(self["toolsets"]),
        )

    def shown(self, value: Json) -> Iterable[str]:
        toolsets = _joined(value["toolsets"])
        yield (
            f"{value['id']} ({value['name']}) now has access {value['access']} "
            f"and the toolsets: {toolsets}."
        )


class TokenOptions(CommandGroup):
    """The options of ``token``."""

    group = "token"
    examples = (
        'instantly-mcp token add --name "Anna, laptop" --access draft --expires 90d',
        "instantly-mcp token list",
    )
    subCommands: Subcommands = (
        ("add", None, TokenAddOptions, "Issue a token."),
        ("list", None, TokenListOptions, "List the tokens."),
        ("narrow", None, TokenNarrowOptions, "Limit a token further."),
        ("rotate", None, TokenRotateOptions, "Replace tokens by new ones."),
        ("revoke", None, TokenRevokeOptions, "Revoke a token."),
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _row(token: Json) -> Sequence[str]:
    return (
        *(token["id"], token["name"], token["access"]),
        _joined(token["toolsets"]),
        _shortened(token["workspaces"]) or "operator's key",
        *(token["state"], token["expires"] or "never", token["last_used"] or "never"),
    )


def _joined(toolsets: Sequence[str] | None) -> str:
    return "all" if toolsets is None else ", ".join(toolsets)


def _shortened(aliases: Sequence[str]) -> str:
    rest = len(aliases) - MAX_ALIASES_SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(aliases[:MAX_ALIASES_SHOWN]) + more
