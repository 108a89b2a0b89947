"""Plays the transcripts of ``docs/journeys/`` with real programs."""
