"""The process of `instantly-mcp stdio`: one client on standard input and output."""
