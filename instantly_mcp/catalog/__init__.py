"""What Instantly can do, as data: one `Operation` for each API call."""
