"""A real nginx with the configuration that we ship, for tests.

Only what an operator replaces is replaced: addresses, ports, and the names of files.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

from twisted.internet import reactor
from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    connectProtocol,
    wrapClientTLS,
)
from twisted.internet.ssl import Certificate, optionsForClientTLS

from tests.daemon.processes import ROOT, ProcessTestCase
from tests.support.certificates import pem_pair
from tests.support.programs import NGINX, requires

from .sockets import Connection

SHIPPED = ROOT / "deploy" / "nginx.conf"
NAME = "mcp.example.com"
PORT_TRIES = 5

AROUND = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/main-error.log info;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/main-access.log combined;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    # Another site of the same machine, which logs as nginx does by default.
    server {{
        listen 127.0.0.1:{tls} {flags};
        server_name other-site.example;
        ssl_certificate {folder}/fullchain.pem;
        ssl_certificate_key {folder}/key.pem;
        return 404;
    }}
{block}
}}
"""


def free_ports(count: int) -> list[int]:
    """Return TCP ports of this machine that are free now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def substituted(text: str, replacements: Sequence[tuple[str, str]]) -> str:
    """Replace each text, which must be there."""
    for old, new in replacements:
        if old not in text:
            raise AssertionError(f"{old!r} is not in the shipped configuration")
        text = text.replace(old, new)
    return text


@requires(NGINX)
class NginxTestCase(ProcessTestCase):
    """A test that runs the shipped configuration in front of a daemon."""

    def setUp(self) -> None:
        """Create a certificate for the name in the configuration."""
        super().setUp()
        private, public = pem_pair(NAME)
        (self.folder / "key.pem").write_bytes(private)
        (self.folder / "fullchain.pem").write_bytes(public)
        self.root = Certificate.loadPEM(public)

    def configuration(self, upstream: str, tls: int, plain: int, http2: bool) -> str:
        """Return the shipped text with this test's addresses and files."""
        flags = "ssl http2" if http2 else "ssl"
        block = substituted(
            SHIPPED.read_text(encoding="utf-8"),
            (
                ("listen [::]:443 ssl", f"listen 127.0.0.2:{tls} {flags}"),
                ("listen 443 ssl", f"listen 127.0.0.1:{tls} {flags}"),
                ("listen [::]:80;", f"listen 127.0.0.2:{plain};"),
                ("listen 80;", f"listen 127.0.0.1:{plain};"),
                ("http://127.0.0.1:3000;", f"{upstream};"),
                ("/etc/ssl/mcp/", f"{self.folder}/"),
                ("/var/log/nginx/", f"{self.folder}/"),
            ),
        )
        return AROUND.format(folder=self.folder, tls=tls, flags=flags, block=block)

    async def start_nginx(self, upstream: str, *, http2: bool = False) -> None:
        """Start nginx on free ports before the daemon at `upstream`."""
        for _ in range(PORT_TRIES):
            self.tls_port, self.plain_port = free_ports(2)
            text = self.configuration(upstream, self.tls_port, self.plain_port, http2)
            if await self._starts(text):
                return
        raise AssertionError(self.logs()["main-error.log"])

    async def _starts(self, configuration: str) -> bool:
        path, pid = self.folder / "nginx.conf", self.folder / "nginx.pid"
        path.write_text(configuration, encoding="utf-8")
        nginx = self.spawn([NGINX.path, "-p", str(self.folder), "-c", str(path)])
        await self.until(lambda: pid.exists() or nginx.status is not None)
        return nginx.status is None

    async def open_tls(
        self, *, name: str = NAME, address: str = "127.0.0.1"
    ) -> Connection:
        """Connect to nginx over TLS from one address of this machine."""
        tcp = TCP4ClientEndpoint(
            reactor, "127.0.0.1", self.tls_port, bindAddress=(address, 0)
        )
        options = optionsForClientTLS(name, trustRoot=self.root)
        connection: Connection = await connectProtocol(
            wrapClientTLS(options, tcp), Connection()
        )
        return connection

    async def open_plain(self, port: int) -> Connection:
        """Connect without TLS."""
        tcp = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        connection: Connection = await connectProtocol(tcp, Connection())
        return connection

    def logs(self) -> dict[str, str]:
        """Return every log that nginx wrote."""
        return {
            path.name: path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(self.folder.glob("*.log"))
        }

    def logged_lines(self) -> list[str]:
        """Return the lines of the access log."""
        return (self.folder / "mcp.log").read_text(encoding="utf-8").splitlines()


def routes(lines: Sequence[str]) -> list[str]:
    """Return the URL of each line."""
    found = [re.fullmatch(r"\S+ \[[^]]+\] \S+ (\S+) \d+ .*", line) for line in lines]
    return [match[1] if match else "?" for match in found]
