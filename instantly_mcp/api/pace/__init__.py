"""When a call may start, and whether it is made again."""
