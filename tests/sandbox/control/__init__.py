"""Tests of the control of a sandbox."""
