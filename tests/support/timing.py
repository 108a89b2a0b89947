"""The time limit for tests that wait for real events.

No test may fail because the machine is busy. The limit only ends a test that would
wait for ever, with a traceback that shows where it waited.
"""

PATIENCE_SECONDS = 600.0
"""How long a test waits for another process, a socket or a thread, at most."""
