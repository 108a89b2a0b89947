"""The sandbox of a daemon: its server, its view, its records, its commands."""
