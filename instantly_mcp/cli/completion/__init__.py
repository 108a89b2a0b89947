"""``instantly-mcp completion``: scripts with which shells complete command lines."""
