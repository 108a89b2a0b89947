"""Tests of an interface, run on each of its implementations."""
