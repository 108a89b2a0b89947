"""Is a campaign ready to send? Many small checks, each with what it saw."""
