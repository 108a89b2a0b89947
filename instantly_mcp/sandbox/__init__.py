"""A simulated Instantly: a second server, sharing no code with the client.

A `Sandbox` holds one workspace for each key that begins with ``sandbox``; a
workspace holds a `World` (accounts, campaigns, leads, lists, e-mails, jobs) that
lives by a driven clock. ``app`` serves it over HTTP, ``agent`` within the process.
Nothing is ever sent: the outbox shows what would have been.
"""
