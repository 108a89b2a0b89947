"""The server features that clients see: tools, resources, prompts, completions."""
