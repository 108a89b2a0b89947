"""What a daemon is made of is not looked through again and again."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.heap import keep_what_is_built


class HeapTests(SynchronousTestCase):
    def test_kept(self):
        """What exists is no longer among the objects that are collected."""
        self.addCleanup(gc.unfreeze)
        built: list[list[int]] = [[]]
        self.assertTrue(any(each is built for each in gc.get_objects()))
        keep_what_is_built()
        self.assertFalse(any(each is built for each in gc.get_objects()))
