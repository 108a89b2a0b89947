"""The work of tools that need more than one call, one module for each tool."""
