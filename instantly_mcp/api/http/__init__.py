"""The HTTP/1.1 connection to Instantly, with a limit for each part of a reply."""
