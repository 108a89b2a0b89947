"""``docs/architecture.md`` describes the present tree and the path of a request."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import readBody

from instantly_mcp._deferred import deferred
from tests.e2e.cases import LiveTestCase
from tests.support.messages import call, modern, modern_headers

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "instantly_mcp"
DOCUMENT = ROOT / "docs" / "architecture.md"
OWN = (DOCUMENT, ROOT / "CONTRIBUTING.md", ROOT / "docs" / "decisions.md")
STEP = re.compile(r"^\d+\. `([\w/]+\.py)`, `(\w+)`", re.MULTILINE)
FIX = "correct the numbered files and functions in docs/architecture.md"
FILE = re.compile(r"`([\w./-]+\.(?:py|tac|toml|md|json))`")


def described_folders() -> set[str]:
    """Return the folders in the document's tree, as ``features/tools``."""
    text = DOCUMENT.read_text(encoding="utf-8")
    tree = text.split("```\ninstantly_mcp/\n")[1].split("```")[0]
    found: set[str] = set()
    above: list[str] = []
    for line in tree.splitlines():
        name = re.match(r" +([a-z_]+)/ ", line)
        assert name is not None, f"not a folder and its purpose: {line}"
        depth = name.start(1) // 2 - 1
        above[depth:] = [name[1]]
        found.add("/".join(above))
    return found


class TreeTests(SynchronousTestCase):
    """The document and the tree agree."""

    def test_folders(self):
        """Every folder of the package is described, and no other."""
        folders = {
            str(path.parent.relative_to(PACKAGE))
            for path in PACKAGE.rglob("__init__.py")
        }
        self.assertEqual(
            described_folders(),
            folders - {"."},
            "The tree in docs/architecture.md lists each folder with its purpose.",
        )

    def test_files(self):
        """Every file that the documents for developers name exists."""
        for document in filter(Path.exists, OWN):
            for name in FILE.findall(document.read_text(encoding="utf-8")):
                places = (ROOT / name, PACKAGE / name, ROOT / "docs" / name)
                found = any(place.exists() for place in places)
                self.assertTrue(found, f"correct the path {name} in {document.name}")


class WalkTests(LiveTestCase):
    """The document shows the functions that one ``tools/call`` enters."""

    @deferred
    async def test_order(self):
        """Each function of the walk is entered, and first entered in that order."""
        entered = await self.entered()
        steps = STEP.findall(DOCUMENT.read_text(encoding="utf-8"))
        self.assertGreater(len(steps), 25)
        places = []
        for file, function in steps:
            name = f"{file} {function}"
            self.assertIn(name, entered, f"{FIX}; no call enters {name}")
            places.append(entered.index(name))
        late = [
            " ".join(step)
            for step, place, before in zip(
                steps[1:], places[1:], places[:-1], strict=True
            )
            if place < before
        ]
        self.assertEqual(late, [], f"{FIX}; these come before the step above them")

    async def entered(self) -> list[str]:
        """Call a tool; return each function that this entered, in order."""
        upstream = await self.daemon("sandbox")
        record = self.folder / "walk.txt"
        module = (sys.executable, "-m", "tests.support.walk", str(record))
        options = ("run", "--upstream", upstream.base)
        running = self.spawn([*module, *options])
        self.started.append(running)
        (url,) = (await running.ready())["urls"]
        message = modern(call("list_campaigns", id=1))
        headers = {
            **{name: str(value) for name, value in modern_headers(message).items()},
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": "Bearer sandbox-canary-walk",
        }
        response = await self.request(b"POST", url, headers, self.body(message))
        self.assertEqual(response.code, 200, await readBody(response))
        await self.request(b"GET", f"{url}/end-of-walk", {})
        return record.read_text(encoding="utf-8").splitlines()
