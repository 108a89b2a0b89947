"""Runs the suite in several processes.

It prints one line a package, and failures in full at the end. How to mark a test that
needs more than Python: see ``tests.support.programs``.
"""
