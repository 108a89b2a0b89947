"""``instantly-mcp sandbox``: the simulated API, and commands for one that runs."""
