"""The trial suite. It mirrors ``instantly_mcp``; ``support`` holds builders only."""
