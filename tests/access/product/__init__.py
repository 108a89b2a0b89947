"""The whole daemon, in memory, walked by every way in."""
