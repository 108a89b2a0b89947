"""Tests of the commands of administration."""
