"""Ways to install: the image, compose.yaml, packages and their tools, server.json."""
