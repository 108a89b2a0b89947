"""What a daemon is made of is not looked through again and again."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.process.garbage_collection import (
    OLD_THRESHOLD,
    keep_what_is_built,
)


class HeapTests(SynchronousTestCase):
    def test_kept(self):
        """What exists is no longer among the objects that are collected."""
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        built: list[list[int]] = [[]]
        self.assertTrue(any(each is built for each in gc.get_objects()))
        keep_what_is_built()
        self.assertFalse(any(each is built for each in gc.get_objects()))

    def test_rarely_looked_through(self):
        """What is held for long is looked through rarely, and still at times."""
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        young, middle, _ = gc.get_threshold()
        keep_what_is_built()
        self.assertEqual(gc.get_threshold(), (young, middle, OLD_THRESHOLD))
        self.assertTrue(gc.isenabled())
