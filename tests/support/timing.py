"""How long tests wait for what takes real time: the one limit for all of them.

No test may fail because the machine is busy. The limit is there only so that a test
which would wait for ever ends, with a traceback that shows where it waited.
"""

PATIENCE_SECONDS = 600.0
"""How long a test waits for another process, a socket or a thread."""
