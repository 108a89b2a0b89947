"""Reads arguments: tags removed, repaired where they are certain, then validated."""
