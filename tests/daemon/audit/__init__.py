"""Tests of the audit file on a disk."""
