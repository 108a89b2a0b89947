"""State that outlives one request: sessions, seals, ledgers."""
