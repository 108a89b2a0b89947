"""Third-party MCP clients against the real daemon: ``make clients-all``.

Each client is installed in an environment of its own and has a driver, a small program
that executes commands with it (`drivers`). `stages` gives all of them the same work,
and checks at the daemon that it was done. The last table is in ``docs/clients.md``.
The clients need much time and space: ``.ci/run`` does not run them.
"""
