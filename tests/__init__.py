"""The trial suite. It mirrors ``instantly_mcp``; ``support`` holds builders only."""

from hypothesis import settings

# How long an example takes depends on the machine: no test may fail for that.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
