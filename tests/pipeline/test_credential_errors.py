"""Errors about credentials."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.credential_errors import key_required
from tests.support.wire import check


class KeyRequiredTests(SynchronousTestCase):
    def test_explained(self) -> None:
        """A missing key is explained, with the formats and a Bearer challenge."""
        error = key_required()
        self.assertEqual((error.code, error.status), (-32001, 401))
        self.assertTrue(error.message.startswith("Instantly API key required: "))
        self.assertEqual(set(error.data), {"reason", "supportedFormats", "note"})
        self.assertIn(("WWW-Authenticate", "Bearer"), error.headers)
        check("2026-07-28", "Error", error.as_object())
