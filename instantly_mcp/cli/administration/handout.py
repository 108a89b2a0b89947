"""What the holder of a new token needs: the configurations of the clients to use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twisted.python import usage

from ...clients.address import AUTH_HEADERS, McpAddress
from ...clients.client import McpClient
from ...clients.registry import CLIENTS

EVERY = "all"


def clients_named(text: str | None) -> Sequence[McpClient]:
    """Return the clients in a list separated by commas; ``all`` for all of them.

    :raises usage.UsageError: for a client that is not known.
    """
    if text is None:
        return ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == [EVERY]:
        return tuple(CLIENTS.values())
    if not names or any(name not in CLIENTS for name in names):
        known = ", ".join((EVERY, *CLIENTS))
        raise usage.UsageError(f"--snippet takes clients, separated by commas: {known}")
    return tuple(CLIENTS[name] for name in names)


def handout(name: str, url: str, clients: Sequence[McpClient]) -> Iterator[str]:
    """Yield the lines for the holder of a token. They do not contain the token.

    :param name: the name of the token.
    :param url: the URL of the daemon's MCP endpoint.
    """
    auth = AUTH_HEADERS["token"]
    assert auth is not None
    address = McpAddress(url, auth)
    yield ""
    yield f"For {name}: the snippets read the token from the variable {auth.variable}."
    for client in clients:
        chosen = client.preferred
        yield ""
        yield f"# {client.title}: {chosen.where}"
        for file in chosen.files:
            yield f"#   {file.path}" + (f" ({file.system})" if file.system else "")
        yield from chosen.write(address).splitlines()
        obstacle = client.obstacle(address)
        for note in (*filter(None, [obstacle]), *client.notes):
            yield f"# {note}"
