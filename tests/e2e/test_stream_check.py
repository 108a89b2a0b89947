"""``instantly-mcp check --stream`` through a real nginx that buffers, or does not."""

from __future__ import annotations

from instantly_mcp._deferred import deferred
from tests.daemon.processes import MODULE

from .nginx import AROUND, NginxTestCase

PLACES = {
    "default": ("", 0, b"arrives line by line"),
    "off": ("proxy_buffering off;", 0, b"arrives line by line"),
    "on": (
        "proxy_ignore_headers X-Accel-Buffering;",
        69,
        b"a proxy is buffering. Its operator must switch that off: "
        b"proxy_buffering off in nginx",
    ),
}
"""Directives of nginx, then the status of the command and what it says."""


class StreamCheckTests(NginxTestCase):
    """The command, as an operator runs it against the public address."""

    def configuration(self, upstream: str, tls: int, plain: int, http2: bool) -> str:
        """Return a configuration with a location for each of `PLACES`."""
        places = "".join(
            f"location /{name}/ {{ proxy_pass {upstream}/; {more} }}\n"
            for name, (more, _, _) in PLACES.items()
        )
        block = f"server {{ listen 127.0.0.1:{plain};\n{places} }}"
        return AROUND.format(folder=self.folder, tls=tls, flags="ssl", block=block)

    @deferred
    async def test_check(self) -> None:
        """nginx with its defaults respects X-Accel-Buffering; told to ignore it, it
        buffers, and the command says so.
        """
        daemon = self.spawn([*MODULE, "run", "--sandbox"])
        (url,) = (await daemon.ready())["urls"]
        await self.start_nginx(url.removesuffix("/mcp"))
        base = f"http://127.0.0.1:{self.plain_port}"
        checks = {
            name: self.spawn([*MODULE, "check", "--stream", f"{base}/{name}/mcp"])
            for name in PLACES
        }
        for name, (_, status, said) in PLACES.items():
            self.assertEqual(await checks[name].ended, status, checks[name].output)
            self.assertIn(said, checks[name].output)
