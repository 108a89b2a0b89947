"""A simulated Instantly: a second server, sharing no code with the client."""
