"""The icons of the server, which pages and MCP clients show.

`icon.svg` is the source, drawn for this project. The PNG files are the drawing as
headless Chromium renders it, one for each size, on a transparent background::

    chromium --headless --default-background-color=00000000 --window-size=48,48 \\
        --screenshot=icon-48.png page.html  # a page with icon.svg as its only image

`favicon.ico` holds it in 16, 32 and 48 pixels, as PNG.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files

from attrs import frozen

from .._json_codec import JsonObject


@frozen
class Icon:
    """One file with the icon.

    :param name: the name of the file, and of the page that serves it.
    :param sizes: ``WxH`` in pixels, or ``any`` for a drawing that can be scaled.
    """

    name: str
    media_type: str
    sizes: str

    def read(self) -> bytes:
        """Return the content of the file."""
        return files(__name__).joinpath(self.name).read_bytes()

    def as_data_uri(self) -> str:
        """Return the content as a ``data:`` URI (RFC 2397)."""
        content = b64encode(self.read()).decode("ascii")
        return f"data:{self.media_type};base64,{content}"

    def as_object(self, base: str | None) -> JsonObject:
        """Return the ``Icon`` object of MCP.

        :param base: the URL below which the file is served; ``None`` puts the content
            itself into the object.
        """
        src = self.as_data_uri() if base is None else f"{base}/{self.name}"
        return {"src": src, "mimeType": self.media_type, "sizes": [self.sizes]}


SVG = Icon("icon.svg", "image/svg+xml", "any")
PNG_48 = Icon("icon-48.png", "image/png", "48x48")
PNG_128 = Icon("icon-128.png", "image/png", "128x128")
PNG_512 = Icon("icon-512.png", "image/png", "512x512")
FAVICON = Icon("favicon.ico", "image/x-icon", "16x16 32x32 48x48")

ICONS: Sequence[Icon] = (SVG, PNG_48, PNG_128, PNG_512, FAVICON)
"""All files."""


def server_icons(public_url: str | None) -> Sequence[JsonObject]:
    """Return the ``Icon`` objects with which the server introduces itself.

    Clients must show PNG and should show SVG, but may load either from the server's own
    origin only. A server that does not know its address sends the drawing along, which
    is the smallest file.
    """
    if public_url is None:
        return (SVG.as_object(None),)
    return (PNG_128.as_object(public_url), SVG.as_object(public_url))
