"""Commands that administer a daemon, which may be running."""
