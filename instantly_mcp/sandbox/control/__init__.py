"""Control of a sandbox from outside: its time, faults, calls, snapshots.

``requests`` is the table of control requests. Both servers that have a sandbox, the
simulated API alone and the daemon, serve the same table.
"""
