"""Announces on which addresses the daemon listens: a text for people, a ready file.

The ready file is written atomically, and removed when the daemon begins to drain.
"""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from attrs import define

from ... import __version__
from ..._json_codec import dumps, loads
from ..logs.writer import write_within
from ..process.components import Announcer
from ..settings.endpoints import Endpoint
from ..settings.settings import Settings

_MODES = {
    "sandbox": "Sandbox: nothing leaves this machine.",
    "live": "Live: calls go to {}.",
}

_INSPECTOR = (
    "npx -y @modelcontextprotocol/inspector --cli {} --transport http "
    "--method tools/list"
)
_FIRST_CALL = (
    "curl -s {} -H 'Content-Type: application/json' -d "
    '\'{{"jsonrpc":"2.0","id":1,"method":"tools/call",'
    '"params":{{"name":"count_unread_emails"}}}}\''
)


def write_ready_file(
    path: Path, mode: str, urls: Sequence[str], public_url: str | None = None
) -> None:
    """Write the ready file atomically: readers see all of it or no file.

    :param mode: ``sandbox`` or ``live``.
    :param urls: the addresses of the sockets, for programs on this machine.
    :param public_url: where clients on other machines reach the daemon, if known.
    :raises OSError: naming `path`, when it cannot be written, or is a device or a FIFO,
        which a file would replace.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    record: dict[str, object] = {"pid": os.getpid(), "urls": urls, "mode": mode}
    record["version"] = __version__
    if public_url is not None:
        record["public_url"] = public_url
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(dumps(record) + b"\n")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None


def remove_ready_file(path: Path) -> None:
    """Remove the ready file, unless another process has written it since."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        if loads(path.read_bytes())["pid"] == os.getpid():
            path.unlink()


@define(eq=False)
class Announcement:
    """The text on standard output and the ready file.

    :param mode: ``sandbox`` or ``live``.
    :param public_url: shown instead of the first address.
    :param upstream: a description of where the calls of a live daemon go.
    :param needs_secret: callers must present the server secret.
    :param needs_token: callers present a connection token, and nothing else.
    :param brings_key: callers must present their own Instantly key.
    :param contains: returns how much a workspace of the sandbox contains, by name.
    :param out: where the text is printed; ``None`` to print nothing.
    """

    mode: str
    ready_file: Path | None = None
    public_url: str | None = None
    upstream: str = "your Instantly workspace"
    needs_secret: bool = False
    brings_key: bool = False
    needs_token: bool = False
    contains: Callable[[], Mapping[str, int]] = dict
    out: TextIO | None = None

    def publish(self, urls: Sequence[str]) -> None:
        """Announce the addresses. A text that cannot be printed is dropped.

        The ready file comes when nothing of the start is left but printing the text:
        who waits for the file may change the process, such as its limits.

        :raises OSError: when the ready file cannot be written.
        """
        text = "" if self.out is None else self._block(urls)
        if self.ready_file is not None:
            public = None if self.public_url is None else _endpoint(self.public_url)
            endpoints = [*map(_endpoint, urls)]
            write_ready_file(self.ready_file, self.mode, endpoints, public)
        if self.out is not None:
            write_within(self.out, text)

    def withdraw(self) -> None:
        """Remove the ready file."""
        if self.ready_file is not None:
            remove_ready_file(self.ready_file)

    def _block(self, urls: Sequence[str]) -> str:
        base = self.public_url or urls[0]
        lines = [
            f"instantly-mcp {__version__} serves MCP at {_endpoint(base)}",
            f"  {_MODES[self.mode].format(self.upstream)}{self._numbers()}",
        ]
        lines.extend(
            self._connection_hints(base) if _is_web(base) else _socket_hints(base)
        )
        return "\n".join(lines) + "\n\n"

    def _numbers(self) -> str:
        """Return how much the sandbox contains, counted and not typed in."""
        found = [f"{count:,} {name}" for name, count in self.contains().items()]
        return f" It has {', '.join(found)}." if found else ""

    def _connection_hints(self, base: str) -> Iterator[str]:
        is_sandbox = self.mode == "sandbox"
        if is_sandbox:
            yield f"  Let time pass, see the mail, or reset it: {base}/sandbox"
        yield f"  Connect a client: {base}/connect"
        url, header = shlex.quote(_endpoint(base)), self._header()
        add = "claude mcp add --transport http instantly"
        yield f"\n  Claude Code:\n    {add} {url}{header}"
        if is_sandbox and not header:
            yield f"  MCP Inspector (needs Node 22):\n    {_INSPECTOR.format(url)}"
            yield f"  Any shell:\n    {_FIRST_CALL.format(url)}"
            reset = shlex.quote(f"{base}/sandbox/reset")
            yield f"  Reset:\n    curl -s -X POST {reset}"
        else:
            yield f"  Any shell:\n    curl -s {shlex.quote(f'{base}/health')}"

    def _header(self) -> str:
        # In single quotes: Claude Code replaces the variable, not the shell, which
        # would put the secret on a command line and into ~/.claude.json.
        if self.needs_token:
            return " --header 'Authorization: Bearer ${INSTANTLY_TOKEN}'"
        header = ""
        if self.needs_secret:
            header += " --header 'Authorization: Bearer ${MCP_AUTH_SECRET_KEY}'"
        if self.brings_key:
            header += " --header 'x-instantly-api-key: ${INSTANTLY_API_KEY}'"
        return header


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _endpoint(url: str) -> str:
    """Return the URL of the MCP endpoint; a listen string is returned unchanged."""
    return f"{url}/mcp" if _is_web(url) else url


def _socket_hints(listen: str) -> Iterator[str]:
    """Yield a health check only: MCP clients need a URL, which a UNIX socket lacks."""
    if listen.startswith("unix:"):
        endpoint = Endpoint.parse(listen)
        path = endpoint.named.get("address") or "".join(endpoint.positional[:1])
        yield f"\n  Any shell:\n    curl -s --unix-socket {path} http://localhost/health"


@define(eq=False)
class Announcements:
    """Several announcements as one, in order. The first that fails ends the series."""

    parts: Sequence[Announcer]

    def publish(self, urls: Sequence[str]) -> None:
        """Publish each of them.

        :raises OSError: when one of them cannot be written.
        """
        for part in self.parts:
            part.publish(urls)

    def withdraw(self) -> None:
        """Withdraw each of them."""
        for part in self.parts:
            part.withdraw()


def announcement_for(
    settings: Settings,
    out: TextIO | None,
    needs_token: bool,
    contains: Callable[[], Mapping[str, int]],
) -> Announcement:
    """Return the announcement of a daemon with these settings.

    :param out: where the text is printed; ``None`` to print nothing.
    :param needs_token: callers use the operator's keys with a connection token only.
    :param contains: see `Announcement`.
    """
    return Announcement(
        mode=settings.mode,
        ready_file=settings.ready_file,
        public_url=settings.public_url,
        upstream=(
            "your Instantly workspace"
            if settings.is_default("upstream")
            else settings.upstream
        ),
        needs_secret=settings.server_secret is not None and not settings.no_auth,
        brings_key=settings.api_key is None and not settings.sandbox,
        needs_token=needs_token,
        contains=contains,
        out=out if settings.log_format == "text" else None,
    )
