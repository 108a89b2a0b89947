"""What the daemon remembers of recent calls, callers and errors, for its pages."""
