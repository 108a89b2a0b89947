"""The icon files: complete, small, and what their names say."""

from __future__ import annotations

import struct
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp import icons
from tests.support.wire import check

SVG_NAMESPACE = "{http://www.w3.org/2000/svg}"
PNG_MARK = b"\x89PNG\r\n\x1a\n"
SHAPES = {"rect", "path", "circle"}


def png_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG image."""
    if not content.startswith(PNG_MARK):
        raise ValueError("not a PNG image")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


class FileTests(SynchronousTestCase):
    def test_every_file(self) -> None:
        """Each file of the folder is listed, and each listed file exists."""
        folder = Path(icons.__file__).parent
        found = {path.name for path in folder.iterdir() if path.is_file()}
        listed = {icon.name for icon in icons.ICONS}
        self.assertEqual(found, {"__init__.py", *listed})
        for icon in icons.ICONS:
            self.assertEqual(icon.read(), (folder / icon.name).read_bytes())

    def test_png(self) -> None:
        """The PNG images have the sizes that are announced."""
        for icon in (icons.PNG_48, icons.PNG_128, icons.PNG_512):
            width, height = png_size(icon.read())
            self.assertEqual(f"{width}x{height}", icon.sizes)

    def test_svg(self) -> None:
        """The drawing is shapes only: no script, no link, no file from elsewhere."""
        root = ElementTree.fromstring(icons.SVG.read())
        self.assertEqual(root.tag, f"{SVG_NAMESPACE}svg")
        self.assertLessEqual(
            {each.tag.removeprefix(SVG_NAMESPACE) for each in root}, SHAPES
        )
        named = {name for each in root.iter() for name in each.attrib}
        self.assertEqual({n for n in named if n.startswith("on") or "href" in n}, set())

    def test_favicon(self) -> None:
        """The favicon holds the announced sizes as PNG."""
        content = icons.FAVICON.read()
        reserved, kind, count = struct.unpack("<HHH", content[:6])
        self.assertEqual((reserved, kind), (0, 1))
        sizes = []
        for number in range(count):
            row = content[6 + 16 * number : 22 + 16 * number]
            length, start = struct.unpack("<II", row[8:])
            width, height = png_size(content[start : start + length])
            self.assertEqual((row[0], row[1]), (width, height))
            sizes.append(f"{width}x{height}")
        self.assertEqual(" ".join(sizes), icons.FAVICON.sizes)


class ServerIconTests(SynchronousTestCase):
    def test_own_origin(self) -> None:
        """With a public URL the icons are loaded from it, PNG first."""
        found = icons.server_icons("https://mcp.example/instantly")
        self.assertEqual(
            [icon["src"] for icon in found],
            [
                "https://mcp.example/instantly/icon-128.png",
                "https://mcp.example/instantly/icon.svg",
            ],
        )
        for icon in found:
            check("2025-11-25", "Icon", icon)

    def test_in_the_message(self) -> None:
        """Without one the drawing is sent along, in less than 600 characters."""
        (icon,) = icons.server_icons(None)
        check("2026-07-28", "Icon", icon)
        head, _, content = icon["src"].partition(",")
        self.assertEqual(head, "data:image/svg+xml;base64")
        self.assertEqual(b64decode(content), icons.SVG.read())
        self.assertLess(len(icon["src"]), 600)
