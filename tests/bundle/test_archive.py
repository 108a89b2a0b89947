"""Tests for the archive."""

from __future__ import annotations

import json
from io import BytesIO
from zipfile import ZipFile

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.bundle.archive import archived, bundle, contents
from tests.test_house_rules import MAX_FILE

URL = "https://mcp.acme.example/mcp"
MAX_KIB = 50


class ArchiveTests(SynchronousTestCase):
    def test_same_bytes(self):
        """The same input gives the same bytes; another address gives others."""
        self.assertEqual(archived(contents(URL)), bundle(URL))
        self.assertNotEqual(bundle(), bundle(URL))

    def test_contents(self):
        """It holds manifest, icon and the files of the relay, and nothing else."""
        with ZipFile(BytesIO(bundle(URL))) as archive:
            self.assertIsNone(archive.testzip())
            names = archive.namelist()
            described = json.loads(archive.read("manifest.json"))
        self.assertEqual(names[0], "manifest.json")
        self.assertIn(described["server"]["entry_point"], names)
        self.assertEqual(names[1], described["icon"])
        for name in names[2:]:
            self.assertTrue(name.startswith("server/") and name.endswith(".js"), name)

    def test_fixed_times(self):
        """No time of the machine, and no mode of its files, is in the archive."""
        with ZipFile(BytesIO(bundle())) as archive:
            for entry in archive.infolist():
                self.assertEqual(entry.date_time[0], 1980)
                self.assertEqual(entry.external_attr >> 16, 0o100644)

    def test_lengths(self):
        """No file of the relay outgrows its purpose; Python's have the same limit."""
        for name, body in contents().items():
            if name.endswith(".js"):
                self.assertLessEqual(body.count(b"\n"), MAX_FILE, name)

    def test_size(self):
        """It stays small: it has no dependencies."""
        self.assertLess(len(bundle()), MAX_KIB * 1024)
