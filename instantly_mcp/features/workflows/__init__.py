"""Composite tools, written by hand: one module each."""
