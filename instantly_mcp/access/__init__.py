"""Access rules: credentials, the server secret, and which listeners are allowed."""
