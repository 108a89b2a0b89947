"""Tests of consent: what is asked before a write, and what answers are worth."""
