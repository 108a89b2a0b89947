"""Settings: their table, sources, parsers, validation and files."""
