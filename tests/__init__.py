"""The trial suite. It mirrors ``instantly_mcp``; ``support`` holds builders only."""

from hypothesis import settings
from twisted.trial import util

from tests.support.timing import PATIENCE_SECONDS

# How long an example takes depends on the machine: no test may fail for that.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# Nor for how long a test takes: trial's own limit is 120 s for each.
util.DEFAULT_TIMEOUT_DURATION = PATIENCE_SECONDS
