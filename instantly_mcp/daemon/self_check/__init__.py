"""What `instantly-mcp check` examines."""
