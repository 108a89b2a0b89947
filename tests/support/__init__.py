"""Builders and fakes for the tests. No tests here."""
