"""State that outlives one request: sessions, sealed tokens, admission limits."""
