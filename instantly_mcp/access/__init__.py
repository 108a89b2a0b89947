"""Who may do what: keys, the server secret, the sandbox rule."""
