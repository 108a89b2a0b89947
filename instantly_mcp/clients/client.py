"""What is known of one client, and of one way to configure it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TypeAlias

from attrs import frozen

from .address import McpAddress


class Language(Enum):
    """The language of a configuration."""

    JSON = "json"
    TOML = "toml"
    SHELL = "shell"
    PYTHON = "python"
    TEXT = "text"


class Network(Enum):
    """From where a client connects, which decides what it can reach.

    :cvar OWN: from the user's computer or server: it reaches addresses of your network.
    :cvar VENDOR: from the servers of its vendor: it needs public HTTPS.
    """

    OWN = "own"
    VENDOR = "vendor"


@frozen(kw_only=True)
class InstallLink:
    """Two links that open a client and offer to add the server.

    :param app: has the client's own scheme; works wherever the client is installed.
    :param web: an HTTPS page that redirects to it, for places that allow HTTPS only.
    """

    app: str
    web: str


Written: TypeAlias = Callable[[McpAddress], str]
"""Returns the text of a configuration, without a line break at its end."""


@frozen(kw_only=True)
class ClientFile:
    """A file into which a configuration is put.

    :param path: as users write it; ``~`` is the home directory, and ``%NAME%`` an
        environment variable of Windows.
    :param system: ``macOS``, ``Windows`` or ``Linux``; empty for every system.
    """

    path: str
    system: str = ""


@frozen(kw_only=True)
class Configuration:
    """One way to configure a client.

    :param name: a word for the command line, such as ``json``.
    :param title: what it is, for people, such as ``.cursor/mcp.json``.
    :param where: one sentence that says where the text goes, for people.
    :param files: the files, if the text is a file or belongs into one.
    """

    name: str
    title: str
    where: str
    language: Language
    write: Written
    files: Sequence[ClientFile] = ()

    def instructions(self, address: McpAddress) -> str:
        """Return where the text goes, and which variable has to be set before."""
        auth = address.auth
        if auth is not None:
            text = self.write(address)
            if auth.variable in text and auth.placeholder not in text:
                return (
                    f"First set the environment variable {auth.variable} to your "
                    f"{auth.noun}. {self.where}"
                )
        return self.where


def shell_command(
    write: Written, where: str = "Run it in a terminal.", title: str = "Command"
) -> Configuration:
    """Return a configuration that is a command for a POSIX shell."""
    return Configuration(
        name="command", title=title, where=where, language=Language.SHELL, write=write
    )


def json_file(
    title: str, where: str, write: Written, files: Sequence[ClientFile]
) -> Configuration:
    """Return a configuration that is a JSON file, or an entry in one."""
    return Configuration(
        name="json",
        title=title,
        where=where,
        language=Language.JSON,
        write=write,
        files=files,
    )


@frozen(kw_only=True)
class McpClient:
    """An MCP client.

    :param id: the word for the command line, such as ``claude-code``.
    :param configurations: the ways to configure it, the recommended one first.
    :param notes: facts that a user must know, a sentence each.
    :param install_link: makes the links that add the server, if the client has any.
    """

    id: str
    title: str
    configurations: Sequence[Configuration]
    network: Network = Network.OWN
    notes: Sequence[str] = ()
    install_link: Callable[[McpAddress], InstallLink] | None = None

    @property
    def preferred(self) -> Configuration:
        """The recommended way to configure it."""
        return self.configurations[0]

    def obstacle(self, address: McpAddress) -> str | None:
        """Return why the client cannot reach an address; ``None`` if it may."""
        if self.network is Network.OWN or address.is_public:
            return None
        return (
            f"{self.title} connects from the servers of its vendor, which cannot reach "
            f"{address.url}. The operator must give this server a public HTTPS address."
        )
