"""The revisions and how one is agreed on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.wire.versions import (
    ALL_REVISIONS,
    LEGACY_REVISIONS,
    MODERN_REVISIONS,
    negotiate,
)

LEGACY_VERSIONS = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}
MODERN_VERSIONS = {"2026-07-28"}
LATEST = "2025-11-25"
"""The latest revision with sessions, which answers every other request."""


class NegotiationTests(SynchronousTestCase):
    def test_every_legacy_revision(self) -> None:
        """A revision of the legacy era that is asked for is agreed on."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                self.assertEqual(negotiate(version).version, version)

    def test_everything_else(self) -> None:
        """The modern revision, unknown ones and other values get the latest one."""
        odd: list[Json] = ["2026-07-28", "v999.0.0", "", None, 7, ["2025-06-18"], {}]
        for asked in odd:
            with self.subTest(asked=asked):
                self.assertEqual(negotiate(asked).version, LATEST)

    @settings(deadline=None)
    @given(st.text() | st.none() | st.integers() | st.lists(st.text()))
    def test_total(self, asked: Json) -> None:
        """For any request the answer is a legacy revision."""
        self.assertIn(negotiate(asked).version, LEGACY_REVISIONS)


class TableTests(SynchronousTestCase):
    def test_eras(self) -> None:
        """Each revision belongs to one era, and the tests name all of them."""
        fix = "add the new revision to the tables of this module"
        self.assertEqual(set(LEGACY_REVISIONS), LEGACY_VERSIONS, fix)
        self.assertEqual(set(MODERN_REVISIONS), MODERN_VERSIONS, fix)
        self.assertEqual(
            set(ALL_REVISIONS), set(LEGACY_REVISIONS) | set(MODERN_REVISIONS)
        )
        self.assertEqual({r.modern for r in LEGACY_REVISIONS.values()}, {False})

    def test_what_each_knows(self) -> None:
        """Batches, annotations, structured content and progress texts by revision."""
        table = {
            "2024-11-05": (False, False, False, False),
            "2025-03-26": (True, True, False, True),
            "2025-06-18": (False, True, True, True),
            "2025-11-25": (False, True, True, True),
            "2026-07-28": (False, True, True, True),
        }
        fix = "add the new revision to this table"
        self.assertEqual(set(table), set(ALL_REVISIONS), fix)
        for version, known in table.items():
            with self.subTest(version=version):
                revision = ALL_REVISIONS[version]
                self.assertEqual(
                    (
                        revision.batches,
                        revision.annotations,
                        revision.structured,
                        revision.progress_messages,
                    ),
                    known,
                )
