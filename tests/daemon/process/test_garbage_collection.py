"""Objects that exist at startup are not collected again and again."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.process.garbage_collection import (
    GENERATION_2_THRESHOLD,
    freeze_startup_objects,
)


class GarbageCollectionTests(SynchronousTestCase):
    def test_kept(self):
        """Existing objects are frozen."""
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        built: list[list[int]] = [[]]
        self.assertTrue(any(each is built for each in gc.get_objects()))
        freeze_startup_objects()
        self.assertFalse(any(each is built for each in gc.get_objects()))

    def test_rarely_looked_through(self):
        """Full collections are rare, but still happen."""
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        young, middle, _ = gc.get_threshold()
        freeze_startup_objects()
        self.assertEqual(gc.get_threshold(), (young, middle, GENERATION_2_THRESHOLD))
        self.assertTrue(gc.isenabled())
