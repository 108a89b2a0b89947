"""Tests of the audit file's lines and their chain."""
