"""The bundle under the official packer, and its program under TypeScript."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from twisted.internet import reactor
from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.bundle.archive import bundle
from tests.clients.programs import BIN, NODE, NPM
from tests.support.programs import requires

from .installed import MCPB, PACKER, install

URL = "https://mcp.acme.example/mcp"

REFERENCE = """
const { readFileSync } = require("node:fs");
const { getMcpConfigForManifest } = require("@anthropic-ai/mcpb");
const [folder, userConfig] = process.argv.slice(1);
const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`));
getMcpConfigForManifest({
  manifest,
  extensionPath: folder,
  systemDirs: {},
  userConfig: JSON.parse(userConfig),
  pathSeparator: "/",
}).then((started) => process.stdout.write(JSON.stringify(started ?? null)));
"""

STRICT = (
    *("--allowJs", "--checkJs", "--noEmit", "--strict", "--target", "es2022"),
    *("--module", "commonjs", "--moduleResolution", "node10", "--types", "node"),
    *("--noUnusedLocals", "--noUnusedParameters", "--noImplicitReturns"),
)


@requires(PACKER)
class PackerTests(TestCase):
    """The programs that npm installs."""

    def setUp(self) -> None:
        """Write the bundle, and unpack it."""
        self.folder = Path(self.mktemp()).resolve()
        self.unpacked = self.folder / "unpacked"
        self.unpacked.mkdir(parents=True)
        self.file = self.folder / "instantly-mcp.mcpb"
        self.file.write_bytes(bundle(URL))
        with ZipFile(BytesIO(bundle(URL))) as archive:
            archive.extractall(self.unpacked)

    async def run_node(self, *words: str) -> str:
        """Run a program of npm, expecting success; return what it prints."""
        output, errors, status = await getProcessOutputAndValue(
            str(NODE),
            words,
            env={"HOME": str(self.folder)},
            path=str(NPM),
            reactor=reactor,
        )
        self.assertEqual(status, 0, (output + errors).decode())
        return str(output.decode())

    @deferred
    async def test_valid(self):
        """The packer accepts manifest and icon, and reads the file."""
        said = await self.run_node(str(MCPB), "validate", str(self.unpacked))
        self.assertIn("Manifest schema validation passes!", said)
        self.assertIn("Icon validation passed", said)
        said = await self.run_node(str(MCPB), "info", str(self.file))
        self.assertIn("instantly-mcp.mcpb", said)

    @deferred
    async def test_packed(self):
        """The packer packs the same files."""
        other = self.folder / "other.mcpb"
        await self.run_node(str(MCPB), "pack", str(self.unpacked), str(other))
        with ZipFile(other) as theirs, ZipFile(self.file) as ours:
            self.assertEqual(sorted(theirs.namelist()), sorted(ours.namelist()))
            for name in ours.namelist():
                self.assertEqual(theirs.read(name), ours.read(name), name)

    @deferred
    async def test_started(self):
        """The reference code of the format starts it as these tests do."""
        entered = {"access_token": "imt_x"}
        words = ("-e", REFERENCE, str(self.unpacked), json.dumps(entered))
        started = json.loads(await self.run_node(*words))
        mine = install(self.unpacked, entered, URL, node="node")
        self.assertEqual(started, mine.plan)
        self.assertEqual(started["env"]["INSTANTLY_MCP_URL"], URL)

    @deferred
    async def test_types(self):
        """The relay agrees with the types in its comments, and with Node 18."""
        sources = [str(path) for path in (self.unpacked / "server").rglob("*.js")]
        roots = str(NPM / "node_modules" / "@types")
        await self.run_node(str(BIN / "tsc"), *STRICT, "--typeRoots", roots, *sources)
