"""Clients, drivers, pins and ``docs/clients.md`` agree with each other."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from .clients import CLIENTS, HERE, ROOT
from .report import DOCUMENT, HEAD, TABLE_BEGIN, lines_in, places

REPEAT = "run `make clients-all CLIENTS=KEY`"


class ClientTests(SynchronousTestCase):
    """What belongs to a client exists, and nothing else does."""

    def test_drivers(self):
        """Each client has a driver, and each driver a client."""
        drivers = set((HERE / "drivers").glob("drive_*"))
        self.assertEqual({client.driver for client in CLIENTS}, drivers)

    def test_pins(self):
        """Each client has its pins, and each file of pins a client."""
        files = {*(HERE / "requirements").iterdir(), *(HERE / "npm").glob("*/*.json")}
        self.assertEqual({path for client in CLIENTS for path in client.pins}, files)

    def test_exact_versions(self):
        """Every requirement is one version."""
        for client in CLIENTS:
            text = client.pins[0].read_text(encoding="utf-8")
            lines = re.findall(r'"([~^<>*].*)"' if client.npm else r"(.+)", text)
            loose = [] if client.npm else [line for line in lines if "==" not in line]
            self.assertEqual(lines if client.npm else loose, [], client.title)
            self.assertRegex(client.version, r"^\d+(\.\d+)+$")

    def test_unique(self):
        """No two clients have the same name."""
        for names in (
            [client.key for client in CLIENTS],
            [client.title for client in CLIENTS],
        ):
            self.assertEqual(len(names), len(set(names)))


class DocumentTests(SynchronousTestCase):
    """``docs/clients.md`` is about these clients in these versions."""

    def setUp(self) -> None:
        """Read the document."""
        self.text = DOCUMENT.read_text(encoding="utf-8")
        self.lines = lines_in(self.text)

    def test_lines(self):
        """The table has one line for each client and transport, in order."""
        self.assertEqual(list(self.lines), list(places()), REPEAT)

    def test_versions(self):
        """The table is about the versions that are pinned."""
        for client in CLIENTS:
            for path in client.paths:
                line = self.lines[client.title, path]
                self.assertIn(f"| {client.version} |", line, REPEAT)

    def test_columns(self):
        """The document explains each column."""
        self.assertIn(f"| {' | '.join(HEAD)} |", self.text, REPEAT)
        before, _, _ = self.text.partition(TABLE_BEGIN)
        explained = re.findall(r"(?m)^\| (\w[\w ]*) \| [^|]* \|$", before)
        self.assertEqual(explained, ["Column", *HEAD[3:]])

    def test_sections(self):
        """Each client has a section, and each section a client."""
        sections = re.findall(r"(?m)^### (.*)$", self.text)
        self.assertEqual(sections, [client.title for client in CLIENTS])

    def test_failures_are_explained(self):
        """A client with a stage that fails has the heading of its reason."""
        for (title, path), line in self.lines.items():
            if "| fails |" in line or "| not installed |" in line:
                section = self.text.partition(f"### {title}\n")[2].partition("\n### ")[
                    0
                ]
                self.assertIn("What fails", section, f"explain {title} {path}")

    def test_in_readme(self):
        """The README leads to it."""
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        self.assertIn("(docs/clients.md)", readme)
