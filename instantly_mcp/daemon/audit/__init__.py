"""The file of the audit: its key, its writer, its readers."""
