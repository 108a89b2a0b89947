"""The trial suite. It mirrors ``instantly_mcp``; ``support`` holds builders only."""

import atexit
import os
import shutil
import tempfile

from hypothesis import HealthCheck, settings
from twisted.trial import util

from tests.support.timing import PATIENCE_SECONDS

# How long an example takes, or its data, depends on the machine: no test may fail for
# that.
settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

# Nor for how long a test takes: trial's own limit is 120 s for each.
util.DEFAULT_TIMEOUT_DURATION = PATIENCE_SECONDS

# Daemons that a test starts without a state directory of their own keep their state in
# a folder of this process: neither the user's nor that of tests that run beside it.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="instantly-mcp-tests-")
os.environ.pop("STATE_DIRECTORY", None)
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)
